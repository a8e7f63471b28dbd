/** Something that is wrong in the tree, and where. */
export interface Finding {
  /** Path from the root of the repository, with `:line` where a line is known; empty when no file is at fault. */
  readonly where: string
  /** What is wrong and what to do instead, as a sentence. */
  readonly message: string
}

/** One line in the output of `npm run check`. */
export interface Check {
  /** What one types to run this check alone: `npm run check -- imports`. */
  readonly name: string
  /** What holds when the check passes, as a sentence. */
  readonly promise: string
  /** Looks at the tree below `root`, an absolute path, and changes nothing. Safe to repeat. */
  find(root: string): Promise<readonly Finding[]>
}
