/** Where the broker listens on 127.0.0.1. */
export interface BrokerPorts {
  readonly plain: number
  readonly controller: number
  /** TLS, login by SCRAM with and without TLS, login by OAUTHBEARER: only in a secure broker. */
  readonly tls?: number
  readonly scram?: number
  readonly scramTls?: number
  readonly oauth?: number
}

/** What is particular about a broker. */
export interface BrokerPlan {
  readonly dataFolder: string
  readonly ports: BrokerPorts
  /** PEM files of a secure broker. */
  readonly tls?: { readonly keyAndCertificate: string; readonly ca: string }
  /** Lines that win over what stands above them. */
  readonly more?: readonly string[]
}

const LISTENERS = [
  ['plain', 'PLAINTEXT', 'PLAINTEXT'],
  ['controller', 'CONTROLLER', 'PLAINTEXT'],
  ['tls', 'SSL', 'SSL'],
  ['scram', 'SCRAM', 'SASL_PLAINTEXT'],
  ['scramTls', 'SCRAMTLS', 'SASL_SSL'],
  ['oauth', 'OAUTH', 'SASL_PLAINTEXT'],
] as const

const LOGIN_MODULES = 'org.apache.kafka.common.security'

/** The configuration of one broker that is its own controller. */
export function serverProperties({ dataFolder, ports, tls, more = [] }: BrokerPlan): string {
  const used = LISTENERS.flatMap(([key, name, protocol]) => {
    const port = ports[key]
    return port === undefined ? [] : [{ name, protocol, port }]
  })
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${ports.controller}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAINTEXT',
    `listeners=${used.map(({ name, port }) => `${name}://127.0.0.1:${port}`).join(',')}`,
    `listener.security.protocol.map=${used.map(({ name, protocol }) => `${name}:${protocol}`).join(',')}`,
    `log.dirs=${dataFolder}`,
    // After kill -9 a broker is let in again when its last session has run out: 9 seconds unless told otherwise.
    'broker.session.timeout.ms=3000',
    'broker.heartbeat.interval.ms=500',
    'auto.create.topics.enable=false',
    'group.initial.rebalance.delay.ms=0',
    // One broker cannot keep three copies of its own topics.
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=4',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'share.coordinator.state.topic.num.partitions=1',
  ]
  if (tls !== undefined) {
    lines.push(
      'ssl.keystore.type=PEM',
      `ssl.keystore.location=${tls.keyAndCertificate}`,
      'ssl.truststore.type=PEM',
      `ssl.truststore.location=${tls.ca}`,
      'sasl.enabled.mechanisms=SCRAM-SHA-512,SCRAM-SHA-256',
      ...['scram', 'scramtls'].flatMap((name) =>
        ['scram-sha-512', 'scram-sha-256'].map(
          (mechanism) =>
            `listener.name.${name}.${mechanism}.sasl.jaas.config=${LOGIN_MODULES}.scram.ScramLoginModule required;`,
        ),
      ),
      'listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER',
      // Unsigned tokens, as Kafka's own login module offers them for trying out.
      `listener.name.oauth.oauthbearer.sasl.jaas.config=${LOGIN_MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    )
  }
  return `${[...lines, ...more].join('\n')}\n`
}
