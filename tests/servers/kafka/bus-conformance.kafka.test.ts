import { busConformance } from '@samband/bus/conformance'
import { kafkaAddress } from '../../support/servers/kafka.ts'
import { openKafkaWorld, quiet, until } from './kafka-world.ts'

busConformance('kafka', async () => {
  const world = await openKafkaWorld(kafkaAddress())
  return {
    bus: world.bus(),
    until,
    quiet,
    restart: async () => world.bus(),
    vanish: () => {},
    remakeTopic: (topic) => world.remakeTopic(topic),
    topic: () => world.topic(),
    dispose: () => world.dispose(),
  }
})
