import type { Log } from '../base/log'

export type Attributes = Record<string, string | number | boolean | undefined>

export interface Span {
  set(attributes: Attributes): void
}

export interface OpenSpan extends Span {
  /** W3C trace context, for a message that carries it on. */
  readonly traceparent: string
  end(error?: unknown): void
}

export interface SpanOptions {
  /** W3C trace context it continues. Absent: the span around it. Null: it begins a trace. */
  parent?: string | null
  kind?: 'server' | 'client' | 'producer' | 'consumer'
  /** Whether what the work throws is a fault; a wait, for one, is not. */
  isFault?(error: unknown): boolean
}

export interface Tracer {
  span<T>(name: string, attributes: Attributes, work: (span: Span) => T, options: SpanOptions): T
  open(name: string, attributes: Attributes, options: SpanOptions): OpenSpan
  traceparent(): string | undefined
  stop(): Promise<void>
}

export interface TracingOptions {
  /** Base URL of an OTLP/HTTP collector; absent: nothing is traced. */
  endpoint?: string
  /** Which process this is: `worker-backfill`, `scheduler`. */
  service: string
  version: string
  log: Pick<Log, 'warn'>
}
