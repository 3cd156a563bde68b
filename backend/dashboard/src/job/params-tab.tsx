import type { JobDetail } from '../api/types'
import { moment, pretty } from '../lib/format'
import { Copy } from '../ui/copy'
import { Section } from '../ui/page'

/** What was asked for, as it was asked. */
export function ParamsTab({ job }: { job: JobDetail }) {
  const text = pretty(job.params)
  const facts: [string, string][] = [
    ['Job', job.id],
    ['Backfills', job.about ?? 'forced to run beside another of the same'],
    ['Priority', String(job.priority)],
    ['Asked', moment(job.createdAt)],
    ['Started', job.startedAt ? moment(job.startedAt) : 'not yet'],
    ['Ended', job.completedAt ? moment(job.completedAt) : 'not yet'],
  ]
  return (
    <div class="halves">
      <Section title="Asked for">
        <dl class="pairs">
          {facts.map(([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
        </dl>
      </Section>
      <Section
        title="Params"
        aside={
          <Copy text={text} label="Copy the params">
            Copy
          </Copy>
        }
      >
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
        <pre class="code" tabIndex={0}>
          {text}
        </pre>
      </Section>
    </div>
  )
}
