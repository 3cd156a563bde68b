import { AsyncResource } from 'node:async_hooks'
import type { Attributes, OpenSpan, Span, SpanOptions, Tracer, TracingOptions } from './tracer'

export type * from './tracer'

/*
 * Traces, as the rest of the code sees them. Off, which is the default, a span is a plain call and nothing of
 * OpenTelemetry is loaded; `startTracing` turns it on for the process.
 */

const OFF: Span = { set: () => undefined }
let tracer: Tracer | undefined

/** Runs `work` as a span, which ends when `work` does; spans and `traceparent` inside belong to it. */
export function span<T>(name: string, attributes: Attributes, work: (span: Span) => T, options: SpanOptions = {}): T {
  return tracer ? tracer.span(name, attributes, work, options) : work(OFF)
}

/** A span that its caller ends; undefined while nothing is traced. */
export const openSpan = (name: string, attributes: Attributes, options: SpanOptions = {}): OpenSpan | undefined =>
  tracer?.open(name, attributes, options)

/** The W3C trace context of the span around the caller; undefined while nothing is traced. */
export const traceparent = (): string | undefined => tracer?.traceparent()

/** Keeps a callback in the span it was made in, wherever it is called from. */
export const bound = <A extends unknown[], T>(callback: (...args: A) => T): ((...args: A) => T) =>
  tracer ? AsyncResource.bind(callback) : callback

/** A trace context as it may be kept and sent on: version 00 of https://www.w3.org/TR/trace-context/, nothing all zeros. */
export function readTraceparent(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined
  return /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/.test(text) ? text : undefined
}

/**
 * Turns traces on where an endpoint is set. Sampling, limits and headers follow the OTEL_* variables.
 * @returns sends what is left, for 2 s at most, and turns them off
 */
export function startTracing({ endpoint, ...rest }: TracingOptions): () => Promise<void> {
  if (!endpoint) return async () => undefined
  const { createTracer } = require('./otel') as typeof import('./otel')
  const mine = createTracer({ endpoint, ...rest })
  tracer = mine
  return async () => {
    if (tracer === mine) tracer = undefined
    await mine.stop()
  }
}
