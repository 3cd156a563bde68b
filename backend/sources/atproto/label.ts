import type { AtprotoParams } from './params'

/** `records of app.bsky.feed.post of did:plc:…`. */
export function label({ collection, dids, pds, discovery, newOnly }: AtprotoParams): string {
  const what = collection ? `records of ${collection}` : 'records of all lexicons'
  if (dids.length > 0) return `${what} of ${dids.length === 1 ? dids[0] : `${dids.length} repos`}`
  if (pds.length > 0) return `${what} on ${pds.length === 1 ? pds[0] : `${pds.length} hosts`}`
  if (discovery === 'hosts') return `${what} on every host`
  return newOnly ? `${what} in new repos` : what
}
