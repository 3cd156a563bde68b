import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isRecord } from '../../base/json'
import { hostOf } from './hosts'
import { isDid, isHandle, isNsid } from './syntax'

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
    // Whether there can be such an account is found out when it is resolved, and reported with the repo.
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

const flag = z.boolean({ error: 'must be true or false' }).default(false)

const fields = {
  collection: collection.optional().meta({
    title: 'Collection',
    description: 'Only this collection, an NSID such as app.bsky.feed.post; empty: every uploaded lexicon that asks for a backfill.',
    flag: '--collection <nsid>',
  }),
  did: repo
    .optional()
    .meta({ title: 'Repo', description: 'A DID or a handle.', choice: { name: 'Which repos', option: 'By name', none: 'Every repo' } }),
  dids: z
    .array(repo, { error: 'must be a list of DIDs and handles' })
    .max(MAX_REPOS, `names more than ${MAX_REPOS} repos`)
    .default([])
    .meta({
      title: 'More repos',
      description: 'Only these repos: DIDs or handles.',
      flag: '--did <names...>',
      choice: { name: 'Which repos', option: 'By name' },
    }),
  pds: z
    .array(host, { error: 'must be a list of PDS addresses' })
    .max(1000, 'names more than 1,000 hosts')
    .default([])
    .meta({
      title: 'Hosts',
      description: 'Every repo of these PDSes, without asking a relay.',
      flag: '--pds <hosts...>',
      choice: { name: 'Which repos', option: 'By host' },
    }),
  discovery: z.enum(['relay', 'hosts'], { error: 'must be relay or hosts' }).default('relay').meta({
    title: 'Discovery',
    description: 'relay: repos that have such records, by its index; hosts: every repo of every PDS it knows.',
    flag: '--discovery <how>',
  }),
  method: z.enum(['auto', 'list', 'car'], { error: 'must be auto, list or car' }).default('auto').meta({
    title: 'Method',
    description: 'list: pages of records; car: each repo whole, in one request; auto: the cheaper one for each repo.',
    flag: '--method <method>',
  }),
  newOnly: flag.meta({ title: 'New repos only', description: 'Only repos the relay has listed since the last run.', flag: '--new-only' }),
  validate: flag.meta({ title: 'Check lexicons', description: 'Reject records that do not fit their lexicon.', flag: '--validate' }),
}
const NAMES = Object.keys(fields)

/** A field that is sent as null is left out. Unknown fields are left alone beside known ones; alone they would mean everything by mistake. */
function given(raw: unknown, ctx: z.RefinementCtx): unknown {
  if (!isRecord(raw)) return raw
  const names = Object.keys(raw)
  const [unknown] = names
  if (unknown !== undefined && !names.some((name) => NAMES.includes(name)))
    ctx.addIssue({ code: 'custom', path: [unknown.slice(0, 60)], message: `is not a field; there are ${NAMES.join(', ')}` })
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null))
}

/** What a job of this source is started with; `{}` is every collection with an uploaded lexicon. */
export const params = z
  .preprocess(given, z.object(fields, { error: 'The request must be a JSON object such as {"collection": "app.bsky.feed.post"}.' }))
  .transform(({ did, dids, pds, ...rest }) => ({ ...rest, dids: unique(did === undefined ? dids : [did, ...dids]), pds: unique(pds) }))
  .refine((it) => it.dids.length === 0 || it.pds.length === 0, { path: ['pds'], error: 'goes with discovery; the repos are named already' })
  .refine((it) => !it.newOnly || (it.dids.length === 0 && it.pds.length === 0 && it.discovery === 'relay'), {
    path: ['newOnly'],
    error: 'goes with the relay only: it keeps the order in which repos came',
  })

export type AtprotoParams = z.infer<typeof params>

const unique = (texts: readonly string[]): string[] => [...new Set(texts)]

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
