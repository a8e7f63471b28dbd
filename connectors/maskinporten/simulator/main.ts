import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runAlone, systemRandom, systemTime } from '@samband/simulator-kit'
import { createMaskinportenSimulator } from './simulator.ts'

const args = process.argv.slice(2)
const { values } = parseArgs({
  args,
  options: {
    port: { type: 'string' },
    host: { type: 'string' },
    'public-key': { type: 'string' },
    'client-id': { type: 'string', default: 'klient' },
    kid: { type: 'string', default: 'nokkel' },
    orgnr: { type: 'string', default: '314758625' },
    scopes: { type: 'string', default: 'ks:fiks' },
  },
})
const keyFile = values['public-key']
const client = {
  clientId: values['client-id'],
  kid: values.kid,
  orgnr: values.orgnr,
  scopes: values.scopes.split(' '),
}
const { app } = createMaskinportenSimulator({
  time: systemTime(),
  random: systemRandom(),
  clients: keyFile === undefined ? [] : [{ ...client, publicKeyPem: readFileSync(keyFile, 'utf8') }],
})
await runAlone(app, args)
