import { AsyncLocalStorage } from 'node:async_hooks'
import { hostname } from 'node:os'
import { type Context, type Span as OtelSpan, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { parseTraceParent, setGlobalErrorHandler } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Attributes, OpenSpan, SpanOptions, Tracer, TracingOptions } from './tracer'

/** How long a stop waits for a collector, ms. */
const STOP_MS = 2_000

/** An unreachable collector is logged this often, ms. */
const QUIET_MS = 60_000

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER }

const contextOf = (traceparent: string): Context => {
  const parsed = parseTraceParent(traceparent)
  return parsed ? trace.setSpanContext(ROOT_CONTEXT, { ...parsed, isRemote: true }) : ROOT_CONTEXT
}

const textOf = (span: OtelSpan): string => {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

function finish(span: OtelSpan, error: unknown, isFault: SpanOptions['isFault']): void {
  if (error !== undefined) {
    const message = error instanceof Error ? error.message : String(error)
    if (isFault?.(error) === false) span.setAttribute('backhaul.outcome', message)
    else {
      span.recordException(error instanceof Error ? error : message)
      span.setStatus({ code: SpanStatusCode.ERROR, message })
    }
  }
  span.end()
}

const isPromise = (value: unknown): value is Promise<unknown> => typeof (value as Promise<unknown> | undefined)?.then === 'function'

/** OpenTelemetry behind the facade; the one file that knows it. */
export function createTracer({ endpoint, service, version, log }: TracingOptions & { endpoint: string }): Tracer {
  let quietUntil = 0
  setGlobalErrorHandler((fault) => {
    if (Date.now() < quietUntil) return
    quietUntil = Date.now() + QUIET_MS
    log.warn(`traces cannot be sent to ${endpoint}: ${fault instanceof Error ? fault.message : String(fault)}`)
  })
  const named = resourceFromAttributes({
    'service.namespace': 'backhaul',
    'service.name': service,
    'service.version': version,
    'service.instance.id': `${hostname()}:${process.pid}`,
  })
  const provider = new BasicTracerProvider({
    resource: named.merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` }), { scheduledDelayMillis: 1_000 }),
    ],
  })
  const otel = provider.getTracer('backhaul', version)
  const around = new AsyncLocalStorage<OtelSpan>()

  function begin(name: string, attributes: Attributes, { parent, kind }: SpanOptions): OtelSpan {
    const outer = parent === undefined ? around.getStore() : undefined
    const context = parent ? contextOf(parent) : outer ? trace.setSpan(ROOT_CONTEXT, outer) : ROOT_CONTEXT
    return otel.startSpan(name, { attributes, kind: kind && KINDS[kind] }, context)
  }

  return {
    span(name, attributes, work, options) {
      const span = begin(name, attributes, options)
      const ends = (error?: unknown) => finish(span, error, options.isFault)
      try {
        const result = around.run(span, () => work({ set: (more) => span.setAttributes(more) }))
        if (isPromise(result)) {
          // The caller handles what it throws; here it only ends the span.
          result.then(() => ends(), ends)
        } else ends()
        return result
      } catch (error) {
        ends(error)
        throw error
      }
    },
    open(name, attributes, options): OpenSpan {
      const span = begin(name, attributes, options)
      return {
        traceparent: textOf(span),
        set: (more) => span.setAttributes(more),
        end: (error) => finish(span, error, options.isFault),
      }
    },
    traceparent() {
      const span = around.getStore()
      return span && textOf(span)
    },
    async stop() {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), STOP_MS)
      })
      // A collector that is not there costs the spans, never the work; the handler above has logged the fault.
      const ended = await Promise.race([provider.shutdown().catch(() => undefined), late])
      if (ended === 'late') log.warn(`traces cannot be sent to ${endpoint}: no answer within ${STOP_MS / 1000} s; the last spans are lost`)
      clearTimeout(timer)
      // As long as there is a storage that was used, Node follows every promise.
      around.disable()
    },
  }
}
