import {
  type Attributes,
  context,
  isSpanContextValid,
  propagation,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api'
import { asHubError } from '@samband/kernel'
import type { InboxRow } from './rows.ts'
import { storedHeader } from './stored-headers.ts'

/** A piece of work in a trace. Without a registered tracer it costs nothing and passes the incoming traceparent on. */
export interface WorkSpan {
  /** For the events this work publishes. */
  readonly traceparent: string | undefined
  end(error?: unknown): void
}

const getter: TextMapGetter<Record<string, string>> = {
  get: (carrier, key) => carrier[key],
  keys: (carrier) => Object.keys(carrier),
}
const setter: TextMapSetter<Record<string, string>> = {
  set: (carrier, key, value) => {
    carrier[key] = value
  },
}

/** Starts the span of a run, as a child of what the event carries. */
export function startSpan(name: string, row: InboxRow): WorkSpan {
  return startChild(name, storedHeader(row.headers, 'ce_traceparent'), SpanKind.CONSUMER, {
    'samband.handler': row.handler,
    'samband.tenant': row.tenant,
    'messaging.message.id': row.event_id,
  })
}

/** Starts a span below a traceparent. */
export function startChild(
  name: string,
  incoming: string | undefined,
  kind: SpanKind,
  attributes: Attributes,
): WorkSpan {
  const parent =
    incoming === undefined ? context.active() : propagation.extract(context.active(), { traceparent: incoming }, getter)
  const span = trace.getTracer('samband').startSpan(name, { kind, attributes }, parent)
  const carrier: Record<string, string> = {}
  if (isSpanContextValid(span.spanContext())) propagation.inject(trace.setSpan(parent, span), carrier, setter)
  return {
    traceparent: carrier['traceparent'] ?? incoming,
    end(error) {
      if (error !== undefined)
        span.setStatus({ code: SpanStatusCode.ERROR, message: asHubError(error)?.code ?? 'defect' })
      span.end()
    },
  }
}
