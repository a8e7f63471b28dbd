import { LineCounter, parseDocument } from 'yaml'
import type { Fault } from './faults.ts'

/** Longer files are refused before they are parsed. */
const MOST_CHARACTERS = 200_000

/** YAML 1.2 as plain data, or why not. The parser's own messages quote the text, secrets included, and are therefore not used. */
export function parseYaml(text: string): { readonly raw?: unknown; readonly faults: readonly Fault[] } {
  if (text.length > MOST_CHARACTERS) {
    const came = `${text.length} characters`
    return {
      faults: [{ path: '', expected: `at most ${MOST_CHARACTERS} characters`, came, todo: 'Shorten the file.' }],
    }
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true })
  const wrong = [...document.errors, ...document.warnings]
  if (wrong.length > 0) {
    return {
      faults: wrong.map(({ code, pos }) => ({
        path: '',
        expected: 'valid YAML',
        came: `${code} in line ${lines.linePos(pos[0]).line}`,
        todo: `${adviceFor(code)} Passwords and other odd text need quotes.`,
      })),
    }
  }
  try {
    return { raw: document.toJS({ maxAliasCount: 0 }), faults: [] }
  } catch {
    const todo = 'Write the settings out where they are used.'
    return { faults: [{ path: '', expected: 'YAML without anchors and aliases', came: 'an alias', todo }] }
  }
}

function adviceFor(code: string): string {
  if (code === 'DUPLICATE_KEY') return 'Remove one of the two settings of the same name.'
  if (code === 'TAB_AS_INDENT') return 'Indent with spaces, not with tabs.'
  if (code === 'BAD_INDENT') return 'Correct the indentation of that line.'
  if (code === 'MULTIPLE_DOCS') return 'Keep one document per file, without --- between.'
  return 'Look at that line and the one above it.'
}
