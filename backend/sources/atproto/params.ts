import { createHash } from 'node:crypto'
import { isDid, isHandle, isNsid } from '@atcute/lexicons/syntax'
import { z } from 'zod'
import { type Fault, Refused } from '../../base/errors'
import { hostOf } from './hosts'

/** Repos one request may name. */
const MAX_REPOS = 10_000

const collection = z
  .string({ error: 'must be an NSID like app.bsky.feed.post' })
  .trim()
  .refine((text) => isNsid(text), 'must be an NSID like app.bsky.feed.post')

const repo = z
  .string({ error: 'must be a DID like did:plc:z72i7hdynmk6r22z27h6tvur, or a handle' })
  .trim()
  .transform((text, ctx) => {
    const name = text.replace(/^@/, '')
    // Whether there can be such an account is found out where it is looked for, and told with the repo.
    const isWanted = name.startsWith('did:') ? isDid(name) && /^did:(plc|web):/.test(name) : isHandle(name)
    if (!isWanted) {
      const message = 'must be a DID (did:plc: or did:web:) or a handle like alice.example.com'
      ctx.addIssue({ code: 'custom', message: `${message}, got ${JSON.stringify(text.slice(0, 60))}` })
    }
    return name.startsWith('did:') ? name : name.toLowerCase()
  })

const host = z
  .string({ error: 'must be the address of a PDS like pds.example.com' })
  .trim()
  .transform((text, ctx) => {
    const found = hostOf(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`)
    if (typeof found === 'string') return found
    ctx.addIssue({ code: 'custom', message: `${found.fault}, got ${JSON.stringify(text.slice(0, 60))}` })
    return z.NEVER
  })

const flag = (about: string) => z.boolean({ error: `must be true or false` }).default(false).meta({ description: about })

const fields = {
  collection: collection.optional(),
  dids: z.array(repo, { error: 'must be a list of DIDs and handles' }).max(MAX_REPOS, `names more than ${MAX_REPOS} repos`).default([]),
  pds: z.array(host, { error: 'must be a list of PDS addresses' }).max(1000, 'names more than 1,000 hosts').default([]),
  discovery: z.enum(['relay', 'hosts'], { error: 'must be relay or hosts' }).default('relay'),
  method: z.enum(['auto', 'list', 'car'], { error: 'must be auto, list or car' }).default('auto'),
  newOnly: flag('Only repos the relay has listed since the last run'),
  validate: flag('Set aside records that do not fit their uploaded lexicon'),
}

const parsed = z
  .object({ ...fields, did: repo.optional() })
  .transform(({ did, dids, pds, ...rest }) => ({ ...rest, dids: unique(did === undefined ? dids : [did, ...dids]), pds: unique(pds) }))
  .refine((it) => it.dids.length === 0 || it.pds.length === 0, { path: ['pds'], error: 'goes with discovery; the repos are named already' })
  .refine((it) => !it.newOnly || (it.dids.length === 0 && it.pds.length === 0 && it.discovery === 'relay'), {
    path: ['newOnly'],
    error: 'goes with the relay only: it keeps the order in which repos came',
  })

export type AtprotoParams = z.infer<typeof parsed>

const unique = (texts: readonly string[]): string[] => [...new Set(texts)]

/** Every field a request may have. */
export const FIELDS = ['did', ...Object.keys(fields)]

const isRecord = (raw: unknown): raw is Record<string, unknown> => typeof raw === 'object' && raw !== null && !Array.isArray(raw)

/**
 * What a job of this source is started with; `{}` is every collection with an uploaded lexicon. Unknown fields are left alone
 * beside known ones; alone they would mean everything by mistake.
 */
export const params = z.unknown().transform((raw, ctx): AtprotoParams => {
  const faults = faultsOf(raw)
  const result = faults.length === 0 ? parsed.safeParse(given(raw)) : undefined
  if (result?.success) return result.data
  for (const issue of result?.error.issues ?? []) {
    const field = issue.path.join('.')
    faults.push({ field, message: `${field} ${issue.message}.` })
  }
  for (const { field, message } of faults) ctx.addIssue({ code: 'custom', message, path: field === '' ? [] : field.split('.') })
  return z.NEVER
}) as z.ZodType<AtprotoParams>

/** A field that is sent as null is left out. */
const given = (raw: unknown): unknown => Object.fromEntries(Object.entries(raw as object).filter(([, value]) => value !== null))

function faultsOf(raw: unknown): Fault[] {
  if (!isRecord(raw)) return [{ field: '', message: 'The request must be a JSON object such as {"collection": "app.bsky.feed.post"}.' }]
  const names = Object.keys(raw)
  const [unknown] = names
  if (unknown === undefined || names.some((name) => FIELDS.includes(name))) return []
  return [{ field: unknown.slice(0, 60), message: `${unknown.slice(0, 60)} is not a field; there are ${FIELDS.join(', ')}.` }]
}

/** What may be published to `atproto_backfill_queue`. @throws {Refused} `input` naming the field */
export function request(raw: unknown): AtprotoParams {
  const result = params.safeParse(raw)
  if (result.success) return result.data
  throw Refused.of(result.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })))
}

/** What is being backfilled, whichever way it is read. */
export function subjectOf({ collection: wanted, dids, pds, discovery }: AtprotoParams): string {
  const where = dids.length > 0 ? digestOf(dids) : pds.length > 0 ? `on:${digestOf(pds)}` : discovery === 'hosts' ? 'hosts' : ''
  return ['records', wanted ?? 'all', ...(where ? [where] : [])].join(':')
}

/** A few names as they are, many by their hash. */
function digestOf(names: readonly string[]): string {
  const sorted = [...names].sort()
  if (sorted.length <= 3) return sorted.join(',')
  return `${sorted.length}-${createHash('sha256').update(sorted.join(',')).digest('hex').slice(0, 12)}`
}
