import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const alerts = read('deploy/prometheus/alerts.yaml')

/** Names of metrics as the runtime registers them, with those that Prometheus makes of a histogram. */
const registered = [...read('services/platform/runtime/src/metrics.ts').matchAll(/name: '(samband_\w+)'/g)].map(
  ([, name = '']) => name,
)
const known = new Set(registered.flatMap((name) => [name, `${name}_bucket`, `${name}_count`, `${name}_sum`]))
const used = (text: string) => [...text.matchAll(/\bsamband_\w+/g)].map(([name]) => name)

test('alerts and dashboard ask for metrics that exist', () => {
  const asked = [...used(alerts), ...used(read('deploy/grafana/samband.json'))]
  expect(asked.length).toBeGreaterThan(20)
  expect(asked.filter((name) => !known.has(name))).toEqual([])
})

test('every kind of alarm has an alert', () => {
  const declared =
    /readonly kind:((?:\s*\|?\s*'[\w-]+')+)/.exec(read('services/platform/runtime/src/alarms.ts'))?.[1] ?? ''
  const kinds = [...declared.matchAll(/'([\w-]+)'/g)].map(([, kind]) => kind)
  expect(kinds).toContain('doubled')
  expect(kinds.filter((kind) => !alerts.includes(`kind="${kind}"`))).toEqual([])
})

test('every alert has a page that is named for it, and every page an alert', () => {
  const pages = [...alerts.matchAll(/alert: (\w+)[\s\S]*?runbook: deploy\/runbooks\/([\w-]+\.md)/g)]
  expect(pages).toHaveLength(alerts.match(/- alert:/g)?.length ?? 0)
  for (const [, alert = '', page = ''] of pages) expect(read(`deploy/runbooks/${page}`).split('\n')[0]).toContain(alert)
  const named = new Set(pages.map(([, , page]) => page))
  expect(readdirSync(join(root, 'deploy/runbooks')).filter((page) => page !== 'README.md' && !named.has(page))).toEqual(
    [],
  )
})
