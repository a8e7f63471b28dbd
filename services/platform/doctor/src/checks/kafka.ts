import {
  type BrokerDesk,
  compareTopicPlans,
  createBrokerDesk,
  type KafkaEnvironment,
  type TopicPlan,
  withTokens,
} from '@samband/bus/kafka'
import { asHubError, type HubError, type Logger } from '@samband/kernel'
import { type Finding, fault, ok, warning } from '../finding.ts'
import { probeDestination } from '../probe-destination.ts'
import type { DoctorWorld } from '../world.ts'

/** Each process reads as a group of its own name. */
export const GROUPS = ['forsendelse-intake', 'journal-archiver', 'forsendelse-dispatcher', 'operations']

const SUBJECT = 'SAMBAND_KAFKA_BROKERS'
const TIMEOUT_MS = 10_000

/** Reach, login, the topics beside their plan, and what we may do with them. Writes no record, reads none, and joins no group. */
export async function checkKafka(
  settings: KafkaEnvironment,
  plans: readonly TopicPlan[],
  world: DoctorWorld,
): Promise<readonly Finding[]> {
  const unreached = await unreachable(settings.brokers, SUBJECT, world)
  if (unreached.length === settings.brokers.length) return unreached
  const desk = createBrokerDesk({ ...withTokens(settings, world.time), clientId: 'samband-doctor' }, world.time, silent)
  try {
    const brokers = await desk.brokers()
    const found: Finding[] = [
      ...unreached,
      ok(SUBJECT, `Kafka slipper oss inn; klyngen har ${brokers.length} meglere.`),
      ...(brokers.length < 3 ? [fewBrokers(brokers.length)] : []),
    ]
    const apart = await unreachable(brokers, 'advertised.listeners', world)
    if (apart.length > 0) return [...found, ...apart]
    // One that fails hides none of the others.
    for (const part of [topicFindings, rightsFindings, groupFindings])
      found.push(...(await part(desk, plans).catch((error: unknown) => [refused(error)])))
    return found
  } catch (error) {
    return [...unreached, refused(error)]
  } finally {
    await desk.close()
  }
}

async function unreachable(
  addresses: readonly string[],
  subject: string,
  world: DoctorWorld,
): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    addresses.map(async (address) => {
      const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? []
      const target = { host, port: Number(port), tls: false, way: {}, time: world.time, timeoutMs: TIMEOUT_MS }
      const answer = await probeDestination(target)
      if (answer.kind === 'reached') return []
      const what = answer.step === 'dns' ? 'navnet finnes ikke i DNS' : 'ingen svarer på porten'
      const next =
        subject === SUBJECT
          ? `Rett ${SUBJECT}, start megleren, eller be om åpning (npm run samband -- doctor --nett).`
          : 'Megleren oppgir denne adressen til klientene sine: rett advertised.listeners hos Kafka, eller be om åpning.'
      return [fault(subject, `Megleren ${address} kan ikke nås: ${what} (${answer.code}).`, next)]
    }),
  )
  return findings.flat()
}

function fewBrokers(count: number): Finding {
  return warning(
    SUBJECT,
    `Klyngen har ${count} megler${count === 1 ? '' : 'e'}: med færre enn tre kan ingen falle ut uten stans eller tap.`,
    'Til drift: tre meglere, tre kopier av hvert emne, min.insync.replicas=2.',
  )
}

async function topicFindings(desk: BrokerDesk, plans: readonly TopicPlan[]): Promise<readonly Finding[]> {
  const subject = 'deploy/kafka/topics.json'
  const command = 'Kjør kommandoen i deploy/kafka'
  try {
    const { missing, asPlanned, dangers } = await compareTopicPlans(desk, plans)
    return [
      ...missing.map(({ name }) =>
        fault(
          subject,
          `Emnet ${name} finnes ikke.`,
          `${command} før tjenestene startes: de lager det ellers med meglerens eget antall partisjoner.`,
        ),
      ),
      ...dangers.map((sentence) =>
        fault(subject, `Farlig avvik: ${sentence}`, `${command} for å se alle avvik, og rett dem for hånd.`),
      ),
      ...(asPlanned.length === 0 ? [] : [ok(subject, `Som planlagt: ${asPlanned.join(', ')}.`)]),
    ]
  } catch (error) {
    const known = asHubError(error)
    if (known?.code !== 'BUS_TILGANG_NEKTET') throw error
    return [
      warning(
        subject,
        'Emnenes innstillinger kan ikke leses med denne brukeren, så avvik fra planen ses ikke.',
        `${command} med en bruker som har DescribeConfigs.`,
      ),
    ]
  }
}

/** By the broker's own list of what we may do, without trying it. */
async function rightsFindings(desk: BrokerDesk, plans: readonly TopicPlan[]): Promise<readonly Finding[]> {
  const facts = await desk.rights(plans.map(({ name }) => name))
  const lacking = [...facts].flatMap(([name, { rights }]) => {
    const lacks = [rights?.write === false && 'Write', rights?.read === false && 'Read'].filter((one) => one !== false)
    return lacks.map((right) => `${right} på ${name}`)
  })
  if (lacking.length > 0)
    return [
      fault(
        'SAMBAND_KAFKA_USER',
        `Brukeren mangler rettigheter: ${lacking.sort().join(', ')}.`,
        'Gi rettighetene som står i deploy/kafka/README.md.',
      ),
    ]
  if (facts.size === 0) return []
  return [ok('SAMBAND_KAFKA_USER', `Vi får skrive til og lese fra ${facts.size} emner.`)]
}

/** Looking a group up needs Describe on it, which Read brings along. */
async function groupFindings(desk: BrokerDesk): Promise<readonly Finding[]> {
  const refusedGroups = await desk.refusedGroups(GROUPS)
  if (refusedGroups.length === 0) return [ok('SAMBAND_KAFKA_USER', 'Leserne får bruke gruppene sine.')]
  return [
    fault(
      'SAMBAND_KAFKA_USER',
      `Brukeren får ikke bruke gruppene ${refusedGroups.join(', ')}.`,
      'Gi Read på gruppene; deploy/kafka/README.md har listen.',
    ),
  ]
}

const NEXT: Readonly<Record<string, string>> = {
  BUS_INNLOGGING_AVVIST:
    'Se på SAMBAND_KAFKA_LOGIN med bruker og passord, eller SAMBAND_KAFKA_TOKEN_…, og at megleren tilbyr mekanismen på porten.',
  BUS_SERTIFIKAT_AVVIST: 'Oppgi utstederen i SAMBAND_KAFKA_CA_FILE, og bruk navnet som står i sertifikatet.',
  BUS_TILGANG_NEKTET: 'Gi brukeren rettighetene som står i deploy/kafka/README.md.',
  BUS_UTILGJENGELIG:
    'Porten svarer, men ikke slik vi er satt opp: se på SAMBAND_KAFKA_TLS og SAMBAND_KAFKA_LOGIN, og i meglerens logg.',
}

function refused(error: unknown): Finding {
  const known: HubError | undefined = asHubError(error)
  if (known === undefined) throw error
  return fault(
    SUBJECT,
    `Kafka kan ikke brukes (${known.code}): ${known.message}`,
    NEXT[known.code] ?? 'Se i meglerens logg.',
  )
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent }
