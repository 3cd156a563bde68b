import type { SandboxContext } from '../base/context'
import { type Ask, html, json, type Reply } from '../base/exchange'

export const ATPROTO_FAULTS: Record<string, string> = {
  'repeated-cursor': 'listRecords: a page that was asked for with a cursor names that cursor again.',
  'empty-page-cursor': 'listRecords: an empty page; its cursor leads to the records it should have held.',
  'endless-cursor': 'listRecords: the first page for every cursor, each time with a new cursor.',
  'bad-cid': 'listRecords: record `entry` (0), or with `every` each so-many-th, names another CID.',
  'wrong-uri': 'listRecords: record `entry` (0), or each `every`-th, belongs to another DID.',
  'bad-rkey': 'listRecords: record `entry` (0), or each `every`-th, has the key `rkey` (`not/a key`).',
  unordered: 'listRecords: the records of the page in no order.',
  rising:
    'listRecords: keys rise; with `inclusive` a page begins with the record of its cursor, with `cursorAtEnd` the last page has one too.',
  duplicate: 'listRecords: record `entry` (0) comes twice.',
  huge: 'A PDS streams `bytes` (100,000,000) of JSON.',
  'html-error': 'A PDS, the relay, PLC or the handles answer `status` (503) with a web page.',
  'pds-429': 'A PDS refuses the client for `seconds` (5), with Retry-After only if `retryAfter`; a request meanwhile is a violation.',
  redirect: 'Redirects to `to` (http://169.254.169.254/).',
  'truncated-car': 'getRepo: half of the archive, sent as if it were whole.',
  'bad-car-block': 'getRepo: the block of the last record does not match its CID.',
  'car-other-did': 'getRepo: the commit names the DID `did` (that of repo 0).',
  'relay-500': 'The relay answers 500.',
  'plc-500': 'PLC answers 500.',
}

const PAGE = '<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Service unavailable</h1></body></html>'

/** Faults that take the place of any answer of these APIs. */
export function replaced(context: SandboxContext, api: string, ask: Ask): Reply | undefined {
  const on = (name: string) => context.faults.take(name, api, ask)
  const page = on('html-error')
  if (page) return html(PAGE, Number(page.status ?? 503))
  const redirect = on('redirect')
  if (redirect) return { status: 302, headers: { location: String(redirect.to ?? 'http://169.254.169.254/') } }
  const failed = (api === 'relay' && on('relay-500')) || (api === 'plc' && on('plc-500'))
  return failed ? json({ error: 'InternalServerError', message: 'Internal Server Error' }, 500) : undefined
}
