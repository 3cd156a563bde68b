import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { get, Problem, query, Unreachable } from '../api/client'
import type { JobCounts, JobDetail, JobList, JobSummary, Overview } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useLive } from '../hooks/use-live'
import { newer } from '../lib/newer'
import { isActive } from '../lib/verbs'
import { hearOverview } from '../shell/overview'
import type { JobFilter } from './filter'

const POLL_MS = 5000
/** Maximum of rows outside the filter that are read one by one. */
const MAX_STRAYS = 10

/**
 * A page of jobs that is updated in place: rows keep their order while the page is open, and new jobs are only counted
 * until the reader asks for them.
 */
export function useJobList(filter: JobFilter, cursor: string) {
  const path = `/api/jobs${query({ ...filter, cursor, limit: 50 })}`
  // The stream covers first pages; other pages are read again every few seconds.
  const streamed = cursor === ''
  const fetched = useFetch<JobList>(path, { everyMs: streamed ? undefined : POLL_MS })
  const [rows, setRows] = useState<JobSummary[]>([])
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set())
  const [counts, setCounts] = useState<Partial<JobCounts>>({})
  /** When the stream last told the counts. */
  const countedAt = useRef(0)
  const adopted = useRef('')
  /** Jobs from the stream while the list itself is read; that answer may be older. */
  const early = useRef(new Map<string, JobSummary>())

  const merge = useCallback((items: readonly JobSummary[]) => {
    const now = new Map(items.map((job) => [job.id, job]))
    setRows((old) => {
      const unknown = items.filter((job) => !old.some((row) => row.id === job.id)).map((job) => job.id)
      if (old.length === 0) return [...items]
      if (unknown.length > 0) setFresh((ids) => new Set([...ids, ...unknown]))
      return updated(old, now)
    })
  }, [])

  useEffect(() => {
    const { data, of, askedAt } = fetched
    if (!data || of !== path) return
    if (countedAt.current < askedAt) setCounts(data.counts)
    if (adopted.current === path) return merge(data.items)
    adopted.current = path
    setRows(updated(data.items, early.current))
    early.current = new Map()
    setFresh(new Set())
  }, [fetched.data, fetched.of, path, merge])

  const strays = useStrays(rows, merge)
  useLive(streamed ? `/api/events${query({ ...filter, limit: 50 })}` : null, {
    jobs: (frame: { items: JobSummary[]; counts: JobCounts }) => {
      countedAt.current = performance.now()
      setCounts(frame.counts)
      if (adopted.current !== path) return keep(early.current, frame.items)
      merge(frame.items)
      if (filter.status) strays(frame.items)
    },
    overview: (next: Overview) => hearOverview(next),
  })

  /** Reads the page again, including new jobs. */
  const renew = useCallback(async () => {
    adopted.current = ''
    await fetched.refresh()
  }, [fetched.refresh])

  return { rows, counts, fresh: fresh.size, next: fetched.data?.next ?? null, total: totalOf(counts, filter.status), fetched, merge, renew }
}

/** These rows, each as it was last read. */
const updated = (rows: readonly JobSummary[], now: ReadonlyMap<string, JobSummary>): JobSummary[] =>
  rows.map((row) => newer(row, now.get(row.id) ?? row))

function keep(early: Map<string, JobSummary>, items: readonly JobSummary[]): void {
  for (const job of items) early.set(job.id, job)
}

/** Rows that no longer match the filter are not in the stream: those that were active are read one by one from time to time. */
function useStrays(rows: readonly JobSummary[], merge: (items: readonly JobSummary[]) => void) {
  const busy = useRef(false)
  const heard = useRef(new Map<string, number>())
  return (items: readonly JobSummary[]) => {
    const now = Date.now()
    for (const job of items) heard.current.set(job.id, now)
    const silent = rows.filter((job) => isActive(job.status) && now - (heard.current.get(job.id) ?? 0) > POLL_MS).slice(0, MAX_STRAYS)
    if (busy.current || silent.length === 0) return
    busy.current = true
    for (const job of silent) heard.current.set(job.id, now)
    void readAll(silent.map((job) => job.id))
      .then(merge)
      .finally(() => {
        busy.current = false
      })
  }
}

async function readAll(ids: readonly string[]): Promise<JobSummary[]> {
  try {
    return await Promise.all(ids.map((id) => get<JobDetail>(`/api/jobs/${id}`)))
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error
    // The next event tries again.
    return []
  }
}

/** How many jobs match; the counts come from the stream. */
function totalOf(counts: Partial<JobCounts>, status: string): number {
  const chosen = status.split(',').filter(Boolean)
  return Object.entries(counts).reduce((sum, [name, n]) => (chosen.length === 0 || chosen.includes(name) ? sum + n : sum), 0)
}
