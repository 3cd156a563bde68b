import { Throttled } from '../base/errors'
import { redact } from '../base/redact'
import type { HttpRequest, HttpUse, RawAnswer } from '../contract'
import { type Span, span } from '../tracing'
import type { Client } from './client'
import { type Departure, Missed, send } from './send'
import { noteAnswer, trafficOf } from './traffic'

/** Waiting is not a failure of the request. */
export const isFault = (error: unknown): boolean => !(error instanceof Throttled || error instanceof Missed)

/** Sends a request as a span of the step, and counts it and its outcome. Upstreams get no trace context. */
export function dispatch(
  client: Client,
  request: Omit<HttpRequest<unknown>, 'schema'>,
  url: string,
  use: HttpUse,
  secrets: readonly string[],
  { mayLeave, left }: Departure,
): Promise<RawAnswer> {
  let sentAt: number | undefined
  const departs = () => {
    if (!mayLeave()) return false
    sentAt = performance.now()
    trafficOf(use, client.name).requests += 1
    return true
  }
  const work = async (traced: Span) => {
    try {
      const answer = await send(client, request, url, use.signal, secrets, { mayLeave: departs, left })
      noteAnswer(use, client.name, sentAt ?? performance.now(), answer.status)
      trafficOf(use, client.name).bytes += answer.received
      traced.set({ 'http.response.status_code': answer.status })
      return answer
    } catch (error) {
      if (sentAt !== undefined) noteAnswer(use, client.name, sentAt)
      throw error
    }
  }
  const method = request.method ?? 'GET'
  const attributes = { 'http.request.method': method, 'url.path': redact(request.path, secrets), 'backhaul.api': client.name }
  return span(`${method} ${client.name}`, attributes, work, { kind: 'client', isFault })
}
