import { busConformance } from '@samband/bus/conformance'
import { afterAll } from 'vitest'
import { findKafka } from '../../support/servers/kafka.ts'
import { withServer } from '../../support/servers/missing.ts'
import { openKafkaWorld, quiet, until } from './kafka-world.ts'

withServer('bus conformance on Kafka', await findKafka(), (kafka) => {
  afterAll(() => kafka.release())

  busConformance('kafka', async () => {
    const world = await openKafkaWorld(kafka.address)
    return {
      bus: world.bus(),
      until,
      quiet,
      restart: async () => world.bus(),
      // What a killed process leaves at the broker is a connection that ends; tests of outages kill for real.
      vanish: () => {},
      remakeTopic: (topic) => world.remakeTopic(topic),
      topic: () => world.topic(),
      dispose: () => world.dispose(),
    }
  })
})
