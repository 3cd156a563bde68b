import { z } from 'zod'
import type { AtprotoParams } from './params'

/** The params as a form shows them; `params.ts` checks them. */
export const form = z.object({
  collection: z.string().optional().meta({
    title: 'Collection',
    description: 'An NSID such as app.bsky.feed.post. Empty: every uploaded lexicon that asks for a backfill.',
  }),
  did: z.string().optional().meta({ title: 'Repo', description: 'A DID or a handle. Empty: every repo the relay knows.' }),
  dids: z.array(z.string()).optional().meta({ title: 'More repos', description: 'DIDs and handles.' }),
  pds: z.array(z.string()).optional().meta({ title: 'Hosts', description: 'Every repo of these PDSes, without asking a relay.' }),
  discovery: z
    .enum(['relay', 'hosts'])
    .default('relay')
    .meta({ title: 'Discovery', description: 'relay: who has such records, by its index. hosts: every repo of every PDS it knows.' }),
  method: z.enum(['auto', 'list', 'car']).default('auto').meta({
    title: 'Method',
    description: 'list: pages of records. car: each repo whole, in one request. auto: the cheaper one for each repo.',
  }),
  newOnly: z.boolean().default(false).meta({ title: 'New repos only', description: 'Those the relay has listed since the last run.' }),
  validate: z.boolean().default(false).meta({ title: 'Check lexicons', description: 'Set aside records that do not fit their lexicon.' }),
})

/** `records of app.bsky.feed.post of did:plc:…`. */
export function label({ collection, dids, pds, discovery, newOnly }: AtprotoParams): string {
  const what = collection ? `records of ${collection}` : 'records of all lexicons'
  if (dids.length > 0) return `${what} of ${dids.length === 1 ? dids[0] : `${dids.length} repos`}`
  if (pds.length > 0) return `${what} on ${pds.length === 1 ? pds[0] : `${pds.length} hosts`}`
  if (discovery === 'hosts') return `${what} on every host`
  return newOnly ? `${what} in new repos` : what
}
