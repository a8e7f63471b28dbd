import { createMaskinportenSimulator } from '@samband/maskinporten/simulator'
import { createNoark5Simulator } from '@samband/noark5/simulator'
import { listenAlone, systemRandom, systemTime } from '@samband/simulator-kit'
import { createSvarUtSimulator } from '@samband/svarut/simulator'
import { SHARED, testTenant } from './tenant-files.ts'

/**
 * All the other systems in one process of their own, each on a free port. Prints one line of JSON with their addresses. Ends on SIGTERM,
 * and when the parent is gone. Takes `{ outage: 'svarut', forMs: 500 }` over IPC: that one refuses connections for a while.
 */
const settings = JSON.parse(process.env['SIMULATORS'] ?? '{}') as {
  readonly tenants: readonly string[]
  readonly publicKeyPem: string
  readonly inFlightLimitMs: number
  readonly journey: readonly { readonly status: string; readonly afterMs: number }[]
}
const shared = { time: systemTime(), random: systemRandom() }
const maskinporten = createMaskinportenSimulator({
  ...shared,
  clients: [
    {
      clientId: SHARED.maskinportenClientId,
      orgnr: SHARED.supplierOrgnr,
      publicKeyPem: settings.publicKeyPem,
      kid: SHARED.maskinportenKid,
      scopes: ['ks:fiks'],
    },
  ],
})
const svarut = createSvarUtSimulator({
  ...shared,
  integrasjoner: settings.tenants.map((orgnr) => {
    const { integrasjonId, kontoId } = testTenant(orgnr)
    return {
      integrasjonId,
      integrasjonPassord: SHARED.integrasjonPassord,
      autorisertOrgnr: SHARED.supplierOrgnr,
      kontoer: [kontoId],
    }
  }),
  acceptToken: maskinporten.acceptToken,
  inFlightLimitMs: settings.inFlightLimitMs,
  journey: settings.journey,
})
const noark5 = createNoark5Simulator({
  ...shared,
  users: [{ navn: SHARED.arkivUser, passord: SHARED.arkivPassword }],
  arkivdel: { tittel: SHARED.arkivdel, klasser: [{ klasseID: 'L42', tittel: 'Byggesaker' }] },
})

const listening = {
  maskinporten: await listenAlone(maskinporten.app),
  svarut: await listenAlone(svarut.app),
  noark5: await listenAlone(noark5.app),
}
const end = () => process.exit(0)
process.on('SIGTERM', end)
// A Ctrl-C reaches the whole group; the parent decides when it is over.
process.on('SIGINT', () => {})
process.on('disconnect', end)
process.on('message', (order: { readonly outage: keyof typeof listening; readonly forMs: number }) => {
  const one = listening[order.outage]
  void one.down().then(() => setTimeout(() => void one.up(), order.forMs))
})
const urls = Object.fromEntries(Object.entries(listening).map(([name, { url }]) => [name, url]))
process.stdout.write(`${JSON.stringify(urls)}\n`)
