import type { SandboxContext } from '../base/context'
import type { Ask } from '../base/exchange'
import type { ActiveFault } from '../base/faults'
import { mix } from '../base/random'

export interface Listed {
  uri: string
  cid: string
  value: unknown
}
export interface Page {
  records: Listed[]
  cursor?: string
}

const OTHER_CID = 'bafyreib2rxk3rybk3aobmv5cjuql3bm2twh4jo5uxgf5kpqcsgz7soitae'

const hits = (fault: ActiveFault, n: number): boolean =>
  fault.every === undefined ? n === Number(fault.entry ?? 0) : n % Number(fault.every) === 0

/** A key that stands just above the record, so that a page from there begins with it. */
const justAbove = (record: Listed | undefined): string => `${record?.uri.split('/').at(-1) ?? ''}-`

const shuffled = (records: Listed[]): Listed[] =>
  records
    .map((record, n) => ({ record, key: mix(records.length, n) }))
    .sort((a, b) => a.key - b.key)
    .map(({ record }) => record)

/** What the switched-on faults make of a page of records. */
export function faultedPage(context: SandboxContext, ask: Ask, page: Page, asked: string | undefined): Page {
  const on = (name: string) => context.faults.take(name, 'pds', ask)
  if (page.records.length > 0 && on('empty-page-cursor')) return { records: [], cursor: justAbove(page.records[0]) }
  const change = (name: string, make: (record: Listed, fault: ActiveFault) => Listed): void => {
    const fault = page.records.length > 0 ? on(name) : undefined
    if (fault) page = { ...page, records: page.records.map((record, n) => (hits(fault, n) ? make(record, fault) : record)) }
  }
  change('bad-cid', (record) => ({ ...record, cid: OTHER_CID }))
  change('wrong-uri', (record) => ({ ...record, uri: record.uri.replace(/^at:\/\/[^/]+/, 'at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa') }))
  change('bad-rkey', (record, fault) => ({ ...record, uri: record.uri.replace(/[^/]*$/, String(fault.rkey ?? 'not/a key')) }))
  const twice = page.records.length > 0 ? on('duplicate') : undefined
  if (twice) page = { ...page, records: page.records.flatMap((record, n) => (hits(twice, n) ? [record, record] : [record])) }
  if (page.records.length > 1 && on('unordered')) page = { ...page, records: shuffled(page.records) }
  return asked !== undefined && on('repeated-cursor') ? { ...page, cursor: asked } : page
}
