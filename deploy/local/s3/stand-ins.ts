import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** What tests may ask of a server, since not every one does all that S3 does. */
export interface S3Abilities {
  /** Refuses a wrong key or secret. */
  readonly checksKeys: boolean
  /** Refuses what is put into a bucket that nobody has made. */
  readonly refusesUnknownBuckets: boolean
  /** Lists multipart uploads that are under way. */
  readonly listsUploads: boolean
  /** Keeps former versions of an object where the bucket says so. */
  readonly keepsVersions: boolean
  /** Still has its objects when it was killed and started again. */
  readonly survivesKill: boolean
}

/** A program that stands in for S3 in tests. */
export interface StandIn {
  readonly name: string
  readonly version: string
  /** Where its program lies, from the folder it is built into. */
  readonly program: string
  /** Command lines that build it into `home`; what they leave in its folder `target` is removed afterwards. */
  build(home: string): readonly (readonly string[])[]
  args(port: number, dataDir: string): readonly string[]
  /** Makes a bucket on the server that runs; nothing happens where it is there already. */
  makeBucket(name: string, at: { readonly port: number; readonly dataDir: string }): Promise<void>
  /** What stands in its command line while it runs. */
  readonly shows: string
  readonly accessKey: string
  readonly secretKey: string
  readonly can: S3Abilities
  /** In one sentence, for whoever reads the output of a run. */
  readonly differs: string
}

const accessKey = 'samband'
const secretKey = 'samband-secret'

const s3sFs: StandIn = {
  name: 's3s-fs',
  version: '0.14.1',
  program: 'bin/s3s-fs',
  build: (home) => [
    [
      'cargo',
      'install',
      's3s-fs',
      ...['--version', '0.14.1', '--locked', '--features', 'binary', '--quiet'],
      ...['--root', home, '--target-dir', `${home}/target`],
    ],
  ],
  args: (port, dataDir) => [
    ...['--host', '127.0.0.1', '--port', String(port)],
    ...['--access-key', accessKey, '--secret-key', secretKey],
    dataDir,
  ],
  // A bucket is a folder there.
  async makeBucket(name, { dataDir }) {
    mkdirSync(join(dataDir, name), { recursive: true })
  },
  shows: 's3s-fs',
  accessKey,
  secretKey,
  can: {
    checksKeys: true,
    refusesUnknownBuckets: false,
    listsUploads: false,
    keepsVersions: false,
    survivesKill: true,
  },
  differs: 'it checks keys and checksums and keeps files, but lists no multipart uploads and keeps no versions.',
}

const moto: StandIn = {
  name: 'moto',
  version: '5.2.5',
  program: 'bin/python',
  build: (home) => [
    ['python3', '-m', 'venv', home],
    [`${home}/bin/python`, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'moto[server]==5.2.5'],
  ],
  args: (port) => ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
  // It asks nobody for a key.
  async makeBucket(name, { port }) {
    const answer = await fetch(`http://127.0.0.1:${port}/${name}`, { method: 'PUT' })
    if (!answer.ok) throw new Error(`moto made no bucket ${name}: ${answer.status}`)
  },
  shows: 'moto.server',
  accessKey,
  secretKey,
  can: { checksKeys: false, refusesUnknownBuckets: true, listsUploads: true, keepsVersions: true, survivesKill: false },
  differs: 'it checks neither keys nor checksums and keeps everything in memory, but lists uploads and keeps versions.',
}

/** By preference. */
export const standIns = { s3sFs, moto } as const

/** Whether this compiler builds s3s-fs 0.14.1; Rust 1.92 to 1.95 have been tried, and its successors ask for 1.96. */
export function buildsS3sFs(rustcVersion: string): boolean {
  const [, major, minor] = /^rustc (\d+)\.(\d+)\./.exec(rustcVersion) ?? []
  return Number(major) === 1 && Number(minor) >= 92 && Number(minor) <= 95
}
