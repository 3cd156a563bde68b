import { z } from 'zod'
import { Fatal, RetryLater } from '../../base/errors'
import type { HttpAnswer, Io } from '../../contract'
import { isWeb, webHost } from './hosts'

/*
 * One function an endpoint. Schemas are loose on extra fields and strict on what is used: https://atproto.com/specs/xrpc and
 * the lexicons com.atproto.sync.*, com.atproto.repo.*.
 */

const MB = 1024 * 1024
/** A page of 100 records of the size a PDS takes from its users has 9.4 MB. */
const PAGE_BYTES = 16 * MB
/** Repos larger than this are listed page by page. */
export const CAR_BYTES = 64 * MB
const CAR_TIMEOUT_MS = 120_000
const SMALL = 1 * MB

const query = (fields: Record<string, string | number | undefined>): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&')

const xrpc = (nsid: string, fields: Record<string, string | number | undefined>): string => `/xrpc/${nsid}?${query(fields)}`

/** What is kept of an answer beside its records: Postgres has no place for NUL or half a surrogate pair. */
const kept = z
  .string()
  .max(4096)
  .refine((text) => !/[\0\p{Surrogate}]/u.test(text), 'holds NUL or half a surrogate pair')
/** A word that another server uses for a state. */
const state = z.string().transform((text) => (/^[\w-]{1,40}$/.test(text) ? text : 'unknown'))
/** A revision, which only ever rises. */
const rev = kept.pipe(z.string().min(1).max(64))
/** A list; servers in Go write an empty one as null. */
const listOf = <T extends z.ZodType>(of: T) =>
  z
    .array(of)
    .nullable()
    .transform((list) => list ?? [])
/** What may be missing, and is null with some. */
const maybe = <T extends z.ZodType>(of: T) => of.nullish().transform((it) => it ?? undefined)
/** An empty one leads nowhere. */
const cursor = maybe(kept).transform((text) => text || undefined)
const listed = z.object({ repos: listOf(z.object({ did: kept })), cursor })
const hosts = z.object({ hosts: listOf(z.object({ hostname: kept, status: maybe(state) })), cursor })
/** A revision alone does not name a head: a repo that was put back may have the same one twice. */
export const head = z.object({ rev, cid: kept })
export type Head = z.infer<typeof head>
const repos = z.object({
  repos: listOf(
    z
      .object({
        did: kept,
        rev: maybe(rev).catch(undefined),
        head: maybe(kept).catch(undefined),
        active: maybe(z.boolean()),
        status: maybe(state),
      })
      .transform(({ rev, head: cid, ...rest }) => ({
        ...rest,
        head: rev === undefined || cid === undefined ? undefined : { rev, cid },
      })),
  ),
  cursor,
})
const records = z.object({ records: listOf(z.object({ uri: z.string(), cid: z.string(), value: z.unknown() })), cursor })
const description = z.object({ collections: listOf(z.string()) })
const status = z.object({ active: z.boolean(), status: maybe(state) })
const failure = z.object({ error: maybe(z.string()), message: maybe(z.string()) })

/** A record as a host lists it. */
export type Listed = z.infer<typeof records>['records'][number]

/** Repos that have records of a collection, in the order in which the relay first saw them; the last page has no cursor. */
export const listReposByCollection = async (io: Io, collection: string, at: string | undefined) =>
  (
    await io.http('relay').request({
      path: xrpc('com.atproto.sync.listReposByCollection', { collection, limit: 1000, cursor: at }),
      schema: listed,
      maxBytes: SMALL,
    })
  ).data as z.infer<typeof listed>

/** Hosts the relay reads from. */
export const listHosts = async (io: Io, at: string | undefined) =>
  (
    await io.http('relay').request({
      path: xrpc('com.atproto.sync.listHosts', { limit: 1000, cursor: at }),
      schema: hosts,
      maxBytes: SMALL,
    })
  ).data as z.infer<typeof hosts>

/** Repos of a host with their heads and states. */
export const listRepos = async (io: Io, host: string, at: string | undefined) =>
  (
    await io.http('pds').request({
      path: xrpc('com.atproto.sync.listRepos', { limit: 1000, cursor: at }),
      scopeOf: host,
      schema: repos,
      maxBytes: SMALL,
    })
  ).data as z.infer<typeof repos>

/** What a host says that it does not have, or does not show. */
export interface Absent {
  absent: string
}

/** What hosts of different makes call a repo that is not there or not shown, by the name the protocol has for it. */
const ABSENT: [RegExp, string][] = [
  [/^(Repo|Account)(NotFound|Deleted)$/i, 'RepoNotFound'],
  [/^(Repo|Account)Take(n?)down$/i, 'RepoTakendown'],
  [/^(Repo|Account)Suspended$/i, 'RepoSuspended'],
  [/^(Repo|Account)Deactivated$/i, 'RepoDeactivated'],
]
/** The reference PDS has no better name than a sentence for some; others have other sentences. */
const NOT_FOUND =
  /could not find (repo|root|user|account)|\b(repo|repository|account|user)\b.*\b(not found|does not exist)\b|\b(no such|unknown) (repo|account|user)\b/i
/** Statuses of a refusal; what it is about stands in the body. */
const REFUSALS = [400, 403, 404, 410]
/** A method that a server does not have, where it does not say so by 501. */
const NO_METHOD = /^(MethodNotImplemented|XRPCNotSupported)$/

/**
 * @throws {Fatal} `http_501` when the host has no such method, `http_403` for a refusal about something else
 * @throws {RetryLater} `refused` or `http_404` for another answer that says nothing of the repo
 */
function absentOf({ status, text }: HttpAnswer<unknown>, what: string): Absent {
  const { error = '', message = '' } = readFailure(text)
  const named = ABSENT.find(([name]) => name.test(error))?.[1]
  if (named !== undefined) return { absent: named }
  if (status !== 403 && NOT_FOUND.test(message)) return { absent: 'RepoNotFound' }
  const sentence = `${what} was refused with ${status}: ${JSON.stringify(`${error} ${message}`.trim().slice(0, 300))}`
  if (NO_METHOD.test(error)) throw new Fatal('http_501', sentence)
  if (status === 403) throw new Fatal('http_403', sentence)
  throw new RetryLater(status === 400 ? 'refused' : `http_${status}`, sentence)
}

/** What a method answers, or undefined where the host does not have it: 501, or a 404 that does not say what is missing. */
export async function unlessLacking<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isLacking(error)) return undefined
    throw error
  }
}

/** Whether a host has no such method. */
export const isLacking = (error: unknown): boolean =>
  (error instanceof Fatal && error.kind === 'http_501') || (error instanceof RetryLater && error.kind === 'http_404')

function readFailure(text: string): Partial<z.infer<typeof failure>> {
  try {
    return failure.safeParse(JSON.parse(text)).data ?? {}
  } catch (error) {
    if (error instanceof SyntaxError) return { message: text.slice(0, 200) }
    throw error
  }
}

/** A page of records, newest key first. */
export async function listRecords(
  io: Io,
  host: string,
  ask: { repo: string; collection: string; limit: number; cursor?: string },
): Promise<z.infer<typeof records> | Absent> {
  const answer = await io.http('pds').request({
    path: xrpc('com.atproto.repo.listRecords', { ...ask }),
    scopeOf: host,
    schema: records,
    maxBytes: PAGE_BYTES,
    accept: REFUSALS,
  })
  return answer.data ?? absentOf(answer, `listRecords of ${ask.repo}`)
}

/** The head of a repo: a cheap way to see that nothing has changed. */
export async function getLatestCommit(io: Io, host: string, did: string): Promise<Head | Absent> {
  const path = xrpc('com.atproto.sync.getLatestCommit', { did })
  const answer = await io.http('pds').request({ path, scopeOf: host, schema: head, maxBytes: SMALL, accept: REFUSALS })
  return answer.data ?? absentOf(answer, `getLatestCommit of ${did}`)
}

/** Which collections a repo has records of. */
export async function describeRepo(io: Io, host: string, did: string): Promise<z.infer<typeof description> | Absent> {
  const path = xrpc('com.atproto.repo.describeRepo', { repo: did })
  const answer = await io.http('pds').request({ path, scopeOf: host, schema: description, maxBytes: SMALL, accept: REFUSALS })
  return answer.data ?? absentOf(answer, `describeRepo of ${did}`)
}

/** Tells apart what the other routes call by one name. */
export async function getRepoStatus(io: Io, host: string, did: string): Promise<z.infer<typeof status> | Absent> {
  const path = xrpc('com.atproto.sync.getRepoStatus', { did })
  const answer = await io.http('pds').request({ path, scopeOf: host, schema: status, maxBytes: SMALL, accept: REFUSALS })
  return answer.data ?? absentOf(answer, `getRepoStatus of ${did}`)
}

/** A whole repo as a CAR. @throws {RetryLater} `too_large` */
export async function getRepo(io: Io, host: string, did: string): Promise<Uint8Array | Absent> {
  const answer = await io.http('pds').request({
    path: xrpc('com.atproto.sync.getRepo', { did }),
    scopeOf: host,
    schema: z.unknown(),
    headers: { Accept: 'application/vnd.ipld.car' },
    binary: true,
    maxBytes: CAR_BYTES,
    timeoutMs: CAR_TIMEOUT_MS,
    accept: REFUSALS,
  })
  return answer.bytes ?? absentOf(answer, `getRepo of ${did}`)
}

/** Statuses by which a directory says that there is no such identity; a tombstone is known by its sentence. */
const NO_SUCH = [404, 410]

/** An identity's document, or why there is none: `tombstoned`, or `unknown`. */
export async function getDocument(io: Io, did: string): Promise<{ document: unknown } | { none: 'tombstoned' | 'unknown' }> {
  const answer = await io.http(isWeb(did) ? 'pds' : 'plc').request({
    path: isWeb(did) ? '/.well-known/did.json' : `/${did}`,
    ...(isWeb(did) ? { scopeOf: webHost(did) } : {}),
    schema: z.unknown(),
    headers: { Accept: 'application/did+ld+json, application/json' },
    maxBytes: SMALL,
    accept: NO_SUCH,
  })
  if (!NO_SUCH.includes(answer.status)) return { document: answer.data }
  return { none: answer.status === 410 || /not available/i.test(answer.text) ? 'tombstoned' : 'unknown' }
}

/** The DID a handle stands for, or undefined where it stands for none. */
export async function resolveHandle(io: Io, handle: string): Promise<string | undefined> {
  const answer = await io.http('handles').request({
    path: xrpc('com.atproto.identity.resolveHandle', { handle }),
    schema: z.object({ did: z.string() }),
    maxBytes: SMALL,
    accept: [400, 404],
  })
  return answer.data?.did
}
