import type { JobSort } from '../../../base/vocabulary'
import type { UrlParams } from '../hooks/use-params'

/** The filters and the order of a list, as the API takes them; empty: none. */
export interface JobFilter {
  status: string
  source: string
  kind: string
  q: string
  since: string
  until: string
  sort: string
}

const NAMES = ['status', 'source', 'kind', 'q', 'since', 'until'] as const

export const SORTS: Record<JobSort, string> = {
  attention: 'What needs attention first',
  newest: 'Newest first',
  oldest: 'Oldest first',
  longest: 'Longest first',
  records: 'Most records first',
}

/** The filters and the order in the page's address; without an order, what needs attention is first. */
export function filterOf(params: Pick<UrlParams, 'get'>): JobFilter {
  const filter = Object.fromEntries(NAMES.map((name) => [name, params.get(name)])) as Omit<JobFilter, 'sort'>
  return { ...filter, sort: params.get('sort') || 'attention' }
}

/** Which of its jobs, without the order: as verbs on all that match take it. */
export function choiceOf({ sort: _, status, ...filter }: JobFilter): Record<string, unknown> {
  const set = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''))
  const statuses = status.split(',').filter(Boolean)
  const choice = { ...set, ...(statuses.length > 0 && { status: statuses }) }
  return Object.keys(choice).length > 0 ? choice : { all: true }
}

export const isFiltered = (filter: JobFilter): boolean => NAMES.some((name) => filter[name] !== '')
