import type { JobDetail, SourceInfo } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { count, named } from '../lib/format'
import { Note } from '../ui/note'
import { Section } from '../ui/page'

/** What the source counts besides records, in its own words. */
export function Counters({ job }: { job: JobDetail }) {
  const counters = Object.entries(job.counters)
  const sources = useFetch<{ items: SourceInfo[] }>(counters.length > 0 ? '/api/sources' : null)
  if (counters.length === 0) return null
  const about = sources.data?.items.find(({ name }) => name === job.source)?.counters ?? {}
  return (
    <Section title="Counted by its source">
      {job.notices.map(({ counter, n, text, advice }) => (
        <Note key={counter} tone="warn">
          <b>
            {count(n)} {named(counter)}
          </b>
          : {text} {advice}
        </Note>
      ))}
      <dl class="card found">
        {counters.map(([name, n]) => (
          <div key={name}>
            <dt>
              {named(name)}
              {about[name] && <small class="soft">{about[name]}</small>}
            </dt>
            <dd>{count(n)}</dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}
