import { Fatal, RetryLater, Throttled } from '../base/errors'
import { redact, secretsOf } from '../base/redact'
import type { Api, HttpAnswer, HttpRequest, HttpUse, RawAnswer, ScopeOf } from '../contract'
import type { Ask } from '../gate/asks'
import type { Gate } from '../gate/gate'
import type { Grant, Outcome } from '../gate/grant'
import { labelOf } from '../gate/limits'
import { span } from '../tracing'
import { Denied, type Outgoing } from './account'
import { type Asked, classify, parse } from './classify'
import type { Client } from './client'
import { dispatch, isFault } from './dispatch'
import { Missed, TIMEOUT_MS } from './send'
import { noteHeldBack, noteThrottled, noteWait } from './traffic'

/** A request counts as lost this long after its timeout, ms. */
const GRACE_MS = 12_000
/** After a failed probe, the gate is asked again after this time, ms; the gate decides how long the breaker stays tripped. */
const DOWN_MS = 5_000

/** Kinds of errors of a request whose host answers all the same. */
const ITS_OWN = new Set(['too_large', 'range'])

const asksOf = (api: string, { parts = {}, scopeOf }: Outgoing): Ask[] => [
  { api, scopeOf, cost: parts[api] },
  ...Object.entries(parts).flatMap(([part, cost]) => (part === api ? [] : [{ api: part, scopeOf, cost }])),
]

/** Secrets of this request, which no text may show. */
const secretsFor = ({ secrets }: Client, { headers = {}, form = {}, as }: Outgoing): string[] => [
  ...secrets,
  ...(as?.secrets ?? []),
  ...secretsOf({ ...form, ...headers }),
]

/** What a request fails with when it is not its own fault: the part of the API, at this host or account. */
function routeOf({ name }: Client, { parts = {}, scopeOf }: Outgoing): string {
  const part = Object.keys(parts)[0] ?? name
  return `${part} ${labelOf(scopeOf, part) ?? ''}`
}

/** Labels stand in gates, metrics and pages. @throws {Error} when one contains a secret of the request */
function checkLabels(client: Client, request: Outgoing): void {
  const { scopeOf } = request
  if (scopeOf === undefined) return
  const labels = typeof scopeOf === 'string' ? [scopeOf] : Object.values(scopeOf)
  const secrets = secretsFor(client, request)
  if (labels.some((label) => secrets.some((secret) => label.includes(secret))))
    throw new Error(`A request to ${client.name} has a secret in scopeOf: name the key or account by a label that everybody may see.`)
}

/** Waits for the request's slot and counts the wait. */
async function acquire(client: Client, gate: Gate, request: Outgoing, use: HttpUse): Promise<Grant> {
  const began = performance.now()
  try {
    const options = { pace: use.pace, slotAt: use.slotAt, holdMs: (request.timeoutMs ?? TIMEOUT_MS) + GRACE_MS, signal: use.signal }
    const asks = asksOf(client.name, request)
    const ask = () => gate.acquire(asks, use.class, options)
    const grant = await span(`gate ${client.name}`, {}, ask, { isFault })
    // A promised slot is for one request only; it may have been promised for another API.
    if (use.slotAt?.getTime() === grant.at) use.slotAt = undefined
    use.nextAt[client.name] = grant.nextAt
    return grant
  } catch (error) {
    if (error instanceof Throttled) noteHeldBack(use, client.name, 'gate', error.until)
    throw error
  } finally {
    noteWait(use, client.name, began)
  }
}

/** An answer, and when its request was sent, by the database's clock. */
type SentAnswer = RawAnswer & { sentAt: Date }

/**
 * Sends a granted request, classifies the answer and reports the outcome to the gate. Throws the error that the answer means.
 * `judge` may find an error in an answer that has a good status.
 */
async function exchange(
  client: Client,
  gate: Gate,
  grant: Grant,
  request: Outgoing,
  url: string,
  use: HttpUse,
  judge?: (answer: RawAnswer) => Error | undefined,
): Promise<SentAnswer> {
  const asked: Asked = { api: client.name, request, secrets: secretsFor(client, request) }
  const log = (status: string | number, ms: number) =>
    use.log.debug('request', {
      api: client.name,
      method: request.method ?? 'GET',
      path: redact(request.path, asked.secrets),
      status,
      ms: Math.round(ms),
      waitMs: Math.round(grant.waitedMs),
    })
  const route = routeOf(client, request)
  const one = `${route} ${request.method ?? 'GET'} ${request.path}`
  /** The result for the breaker. */
  const resultOf = (result: Outcome['result']): Outcome['result'] => {
    if (result === 'ok') client.suspects.answered(route, one)
    return result === 'failed' && !client.suspects.failed(route, one) ? undefined : result
  }
  const began = performance.now()
  let outcome: Outcome = { sent: false }
  let leftAt: number | undefined
  let sentAt = performance.now()
  let answer: RawAnswer | undefined
  let error: Error | undefined
  try {
    answer = await dispatch(client, request, url, use, asked.secrets, {
      mayLeave() {
        if (!grant.inTime()) return false
        outcome = { sent: true }
        sentAt = performance.now()
        return true
      },
      left() {
        leftAt = performance.now()
      },
    })
    const on = [client.name, ...Object.keys(request.parts ?? {})]
    const verdict = client.patience(classify(client.api, asked, answer), on, request.scopeOf, Date.now() - (performance.now() - sentAt))
    const judged = verdict.error ? undefined : judge?.(answer)
    error = request.as?.isDenied(answer)
      ? new Denied(`${client.name} did not accept the tokens of ${request.account}`)
      : (verdict.error ?? judged)
    // A successful probe does not prove that the failed route works again; the request after it does.
    const result = judged ? 'failed' : judge && !error ? undefined : verdict.result
    // An upstream that is down and asks to wait (503) has not refused the request.
    const throttled = error instanceof Throttled && answer.status < 500 ? error.on : undefined
    const told = { block: verdict.block, remaining: verdict.remaining, limits: verdict.limits, cost: verdict.cost }
    outcome = { sent: true, result: resultOf(result), ...told, throttled }
    log(answer.status, performance.now() - began)
  } catch (failure) {
    error = failure as Error
    if (error instanceof RetryLater) outcome = { sent: true, result: resultOf(ITS_OWN.has(error.kind) ? 'ok' : 'failed') }
    log(error instanceof RetryLater || error instanceof Fatal ? error.kind : error.name, performance.now() - began)
  }
  const settled = { ...outcome, leftAt }
  // Before other requests ask the gate, it must know the limits that the upstream reported, and that it is reachable again.
  const tellsNothing = ![outcome.block, outcome.remaining, outcome.limits].some((one) => one?.length) && !grant.failing && !grant.probe
  if (answer && !error && tellsNothing) {
    gate.settleSoon(grant, settled)
    return { ...answer, sentAt: gate.timeAt(sentAt) }
  }
  const held = await gate.settle(grant, settled)
  if (settled.throttled !== undefined && error instanceof Throttled) noteThrottled(use, client.name, error.until)
  else if (error instanceof Throttled) use.nextAt[client.name] = error.until
  else if (held) use.nextAt[client.name] = held
  if (error || !answer) throw error
  return { ...answer, sentAt: gate.timeAt(sentAt) }
}

/** Asks the probe route whether the API is back, with the one request that its tripped breaker lets through. */
async function probe(client: Client, gate: Gate, grant: Grant, use: HttpUse, scopeOf?: ScopeOf): Promise<void> {
  const route = client.api.probe
  if (!route) return
  const judge = (answer: RawAnswer) => (isUp(route, answer) ? undefined : new RetryLater('down', `${client.name} is still down`))
  try {
    await exchange(client, gate, grant, { path: route.path, scopeOf }, client.urlOf(route.path, labelOf(scopeOf, client.name)), use, judge)
  } catch (error) {
    if (!(error instanceof RetryLater)) throw error
    throw new Throttled(client.name, new Date(Date.now() + DOWN_MS), undefined, error.message)
  }
}

function isUp(route: NonNullable<Api['probe']>, { text }: RawAnswer): boolean {
  try {
    return route.up(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

/** Gets a grant and sends the request; again with another grant if the process was delayed until the slot had passed. */
async function granted(client: Client, gate: Gate, wanted: Outgoing, use: HttpUse): Promise<SentAnswer> {
  // First, so that a forbidden address takes nothing from the gate.
  const url = client.urlOf(wanted.path, labelOf(wanted.scopeOf, client.name))
  checkLabels(client, wanted)
  for (;;) {
    try {
      let grant = await acquire(client, gate, wanted, use)
      if (grant.probe && client.api.probe) {
        await probe(client, gate, grant, use, wanted.scopeOf)
        grant = await acquire(client, gate, wanted, use)
      }
      return await exchange(client, gate, grant, wanted, url, use)
    } catch (error) {
      if (!(error instanceof Missed)) throw error
    }
  }
}

/** One request, from its grant to the classified answer. */
export async function request<T>(client: Client, gate: Gate, wanted: HttpRequest<T>, use: HttpUse): Promise<HttpAnswer<T>> {
  const answer = await granted(client, gate, wanted, use)
  const { status, headers, text, bytes, range, sentAt } = answer
  const asked: Asked = { api: client.name, request: wanted, secrets: secretsFor(client, wanted) }
  const isData = status >= 200 && status < 300 && !wanted.accept?.includes(status) && !wanted.binary && !wanted.types && !range
  return { status, sentAt, headers, data: isData ? parse(asked, answer, wanted.schema) : undefined, text, bytes, range, etag: headers.etag }
}
