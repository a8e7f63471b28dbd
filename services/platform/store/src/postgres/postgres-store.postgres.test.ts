import { withPostgres } from '@samband/tests/servers/postgres'
import { postgresUnderTest } from '../conformance/postgres-under-test.ts'
import { storeConformance } from '../conformance.ts'

await withPostgres('the store on PostgreSQL', (server) => {
  storeConformance('PostgreSQL', () => postgresUnderTest(server.url))
})
