import { useEffect, useState } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { get, Problem, query, Unreachable } from '../api/client'
import type { Gate, JobList, Schedule, SourceInfo, Webhook } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useMe } from '../hooks/use-me'
import { shortId, upper } from '../lib/format'
import { nextTheme, setTheme, theme } from '../lib/theme'
import { type Entry, matching, tellingWord } from './match'

const PAGES: Record<string, string> = {
  '/': 'Jobs',
  '/charts': 'Charts',
  '/schedules': 'Schedules',
  '/gates': 'Gates',
  '/workers': 'Workers',
  '/dead-letters': 'Dead letters',
  '/webhooks': 'Webhooks',
  '/activity': 'Activity',
  '/docs': 'REST API: documentation',
  '/graphiql': 'GraphQL: GraphiQL',
}

/** Everything the palette offers besides the jobs that a text finds. */
export function useEntries(actions: Entry[]): Entry[] {
  const [, navigate] = useLocation()
  const { canWrite } = useMe()
  const sources = useFetch<{ items: SourceInfo[] }>('/api/sources').data?.items ?? []
  const gates = useFetch<{ items: Gate[] }>('/api/gates').data?.items ?? []
  const schedules = useFetch<{ items: Schedule[] }>('/api/schedules').data?.items ?? []
  const webhooks = useFetch<{ items: Webhook[] }>('/api/webhooks').data?.items ?? []
  const to = (group: string, href: string, text: string, more?: string): Entry => ({
    id: `${group}-${href}-${text}`,
    group,
    text,
    more,
    run: () => navigate(href),
  })
  const starts = sources.flatMap((source) => [
    to('Start', `/new?source=${source.name}`, `Start: ${source.name}`, source.about),
    ...source.commands
      .filter((command) => command.ids !== null)
      .map((command) =>
        to('Start', `/new?source=${source.name}&command=${encodeURIComponent(command.name)}`, `Start: ${command.name}`, command.about),
      ),
  ])
  return [
    ...actions,
    ...Object.entries(PAGES).map(([href, text]) => to('Pages', href, text)),
    ...(canWrite ? starts : []),
    ...schedules.map((it) => to('Schedules', `/schedules/${it.id}`, it.name, `${it.source} ${it.cron}`)),
    ...webhooks.map((it) => to('Webhooks', `/webhooks/${it.id}`, it.url)),
    ...gates.map((it) => to('Gates', `/gates?q=${encodeURIComponent(it.name)}`, it.name, it.limit)),
    { id: 'theme', group: 'Settings', text: 'Change the theme', run: () => setTheme(nextTheme(theme())) },
  ]
}

const PAUSE_MS = 150
/** Jobs asked for; those whose label has every word are shown. */
const JOBS = 50

/** Jobs whose label, key, params or id has this text; undefined while they are searched for. */
export function useJobs(text: string): Entry[] | undefined {
  const [, navigate] = useLocation()
  const [found, setFound] = useState<{ of: string; entries: Entry[] }>({ of: '', entries: [] })
  const q = text.trim()
  // Only typing starts a search.
  useEffect(() => {
    if (q.length < 2) return
    const stop = new AbortController()
    const timer = setTimeout(async () => {
      try {
        const { items } = await get<JobList>(`/api/jobs${query({ q: tellingWord(q), sort: 'attention', limit: JOBS })}`, stop.signal)
        const jobs = items.map((job) => ({
          id: `job-${job.id}`,
          group: 'Jobs',
          text: upper(job.label),
          more: `${job.status} · ${job.source} · ${shortId(job.id)}`,
          run: () => navigate(`/jobs/${job.id}`),
        }))
        setFound({ of: q, entries: matching(q, jobs)[0]?.[1] ?? [] })
      } catch (error) {
        if (stop.signal.aborted) return
        if (!(error instanceof Problem || error instanceof Unreachable)) throw error
        // The banner says why; the rest of the palette works.
        setFound({ of: q, entries: [] })
      }
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [q])
  if (q.length < 2) return []
  return found.of === q ? found.entries : undefined
}
