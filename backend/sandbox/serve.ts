import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Ask, Reply } from './base/exchange'
import type { SandboxApi, SandboxSettings } from './base/source'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const SLOW_MS = 37_000
const WORTH_ZIPPING = 256
const compress = promisify(gzip)

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value.join(', ') : value)

function askOf(request: FastifyRequest, api: SandboxApi, { at, lateMs }: Pick<Ask, 'at' | 'lateMs'>): Ask {
  const [path = '', ...query] = request.url.slice(api.prefix.length).split('?')
  const ask: Ask = {
    method: request.method,
    path: path || '/',
    query: request.url.includes('?') ? query.join('?') : undefined,
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, single(value)])),
    body: typeof request.body === 'string' ? request.body : '',
    at,
    lateMs,
    ip: request.ip,
    host: api.host,
  }
  ask.subject = api.subject?.(ask)
  return ask
}

/** What every upstream requires of a client: a name, a contact, compressed transfer. */
function judgeManners(ask: Ask, api: SandboxApi, settings: SandboxSettings): void {
  const agent = ask.headers['user-agent'] ?? ''
  const { violations } = settings.context
  if (agent === '') violations.add('no-user-agent', `${api.name} ${ask.path}`)
  else if (!/@|https?:\/\//.test(agent)) violations.add('no-contact', `${api.name}: User-Agent "${agent}" names no address`)
  // A range is that of the bytes themselves.
  if (ask.headers.range === undefined && !/\bgzip\b/.test(ask.headers['accept-encoding'] ?? ''))
    violations.add('no-gzip', `${api.name} ${ask.path}`)
}

/** Sends what a client takes; one that has enough leaves. */
async function flow(reply: FastifyReply, answer: Reply, pieces: Iterable<Uint8Array>): Promise<void> {
  const { raw } = reply
  raw.writeHead(answer.status, answer.reason ?? '', answer.headers)
  try {
    await pipeline(Readable.from(pieces, { objectMode: false }), raw)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  }
}

async function send(reply: FastifyReply, ask: Ask, answer: Reply, cut = false): Promise<void> {
  const { raw } = reply
  if (answer.cut) raw.destroy()
  if (raw.destroyed) return
  if (answer.stream) return flow(reply, answer, answer.stream)
  // Bytes are archives of hashes, which nobody compresses on the way.
  const long = typeof answer.body === 'string' && answer.body.length > WORTH_ZIPPING
  const zip = !cut && long && /\bgzip\b/.test(ask.headers['accept-encoding'] ?? '')
  const body = zip ? await compress(answer.body ?? '', { level: 1 }) : Buffer.from(answer.body ?? '')
  const empty = answer.status === 304 || answer.status === 204
  const length = empty ? {} : { 'content-length': String(body.length) }
  raw.writeHead(answer.status, answer.reason ?? '', {
    ...answer.headers,
    vary: 'Accept-Encoding',
    ...(zip ? { 'content-encoding': 'gzip' } : {}),
    ...length,
  })
  if (cut) raw.write(body.subarray(0, Math.floor(body.length / 2)), () => raw.destroy())
  else raw.end(empty ? undefined : body)
}

/** Faults of the connection between client and upstream; true when nothing more is to be sent. */
async function disturb(reply: FastifyReply, ask: Ask, api: SandboxApi, settings: SandboxSettings): Promise<boolean> {
  const on = (name: string) => settings.context.faults.take(name, api.name, ask)
  const { raw } = reply
  const slow = on('slow')
  if (slow) await Promise.race([wait(Number(slow.ms ?? SLOW_MS), undefined, { ref: false }), once(raw, 'close')])
  if (on('reset-connection')) raw.destroy()
  else if (on('hang')) await once(raw, 'close')
  if (raw.destroyed) return true
  const bare = on('status')
  if (!bare) return false
  await send(reply, ask, {
    status: Number(bare.status ?? 500),
    headers: (bare.headers ?? {}) as Record<string, string>,
    body: String(bare.body ?? ''),
  })
  return true
}

async function deliver(reply: FastifyReply, ask: Ask, api: SandboxApi, settings: SandboxSettings): Promise<void> {
  const refusal = api.police(ask)
  if (refusal) return send(reply, ask, refusal)
  if (await disturb(reply, ask, api, settings)) return
  const answer = await api.answer(ask)
  const on = (name: string) => answer.status === 200 && settings.context.faults.take(name, api.name, ask)
  if (on('not-json')) return send(reply, ask, { ...answer, body: 'The service is being restarted, please come back later.' })
  if (on('half-json')) return send(reply, ask, { ...answer, body: answer.body?.slice(0, Math.floor(answer.body.length / 2)) })
  return send(reply, ask, answer, Boolean(on('truncated-json')))
}

/** A client whose connection ends so soon after an answer had no time to do anything about it, ms. */
const DIED_MS = 500
const closings = new WeakMap<Socket, { at: number }>()

/** Tells later whether the client lived on after the answer; connections are kept alive, so a close means that it died. */
function heardBy(socket: Socket, raw: ServerResponse, clock: () => number): () => boolean {
  let answered = Number.NaN
  raw.once('finish', () => {
    answered = clock()
  })
  const closing = closings.get(socket) ?? { at: Number.POSITIVE_INFINITY }
  if (!closings.has(socket)) {
    closings.set(socket, closing)
    socket.once('close', () => {
      closing.at = clock()
    })
  }
  return () => closing.at > answered + DIED_MS
}

/** Mounts an API under its prefix. */
export function serve(app: FastifyInstance, api: SandboxApi, settings: SandboxSettings, log?: (line: string) => void): void {
  const { context } = settings
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.hijack()
    const ask = askOf(request, api, arrivals.get(request) ?? { at: context.clock() })
    const { at, method, host, subject = ask.path } = ask
    const done = context.arrivals.arrive(api.name, { at, route: api.route(ask), method, path: subject, ...(host ? { host } : {}) })
    let sent = 0
    ask.heard = heardBy(request.raw.socket, reply.raw, context.clock)
    reply.raw.once('finish', () => {
      sent = reply.raw.statusCode
    })
    reply.raw.once('close', () => {
      done(sent)
      log?.(`${method} ${api.name}${host ? ` ${host}` : ''}${subject} ${sent || 'cut'} ${Math.round(context.clock() - ask.at)} ms`)
    })
    judgeManners(ask, api, settings)
    try {
      await deliver(reply, ask, api, settings)
    } catch (error) {
      // An error of the sandbox itself must not pass for a fault that it plays.
      await send(reply, ask, {
        status: 599,
        reason: 'Sandbox error',
        body: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    }
  }
  const arrivals = new WeakMap<FastifyRequest, Pick<Ask, 'at' | 'lateMs'>>()
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    arrivals.set(request, { at: context.clock(), lateMs: context.late() })
  }
  for (const url of [api.prefix, `${api.prefix}/*`]) app.route({ method: METHODS, url, handler, onRequest })
}
