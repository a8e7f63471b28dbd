import { runAlone, systemRandom, systemTime } from '@samband/simulator-kit'
import { createSvarUtSimulator } from './simulator.ts'

// Known to everyone, for a simulator that anyone may start: they open nothing anywhere else.
const kontoId = '11111111-1111-4111-8111-111111111111'
const integrasjonId = '22222222-2222-4222-8222-222222222222'
const orgnr = '314758625'

const { app } = createSvarUtSimulator({
  time: systemTime(),
  random: systemRandom(),
  integrasjoner: [{ integrasjonId, integrasjonPassord: 'passord', autorisertOrgnr: orgnr, kontoer: [kontoId] }],
  acceptToken: () => ({ orgnr, scope: 'ks:fiks' }), // alone it has no Maskinporten to ask: any token will do
})
await runAlone(app, process.argv.slice(2))
