import type { JobDetail } from '../api/types'
import { moment, pretty } from '../lib/format'
import { PRIORITIES } from '../lib/verbs'
import { Copy } from '../ui/copy'
import { Section } from '../ui/page'

/** The request of a job. */
export function ParamsTab({ job }: { job: JobDetail }) {
  const text = pretty(job.params)
  const facts: [string, string][] = [
    ['Job', job.id],
    ['Key', job.about ?? 'forced: may run beside another job for the same request'],
    ['Priority', PRIORITIES[job.priority] ?? String(job.priority)],
    ['Created', moment(job.createdAt)],
    ['Started', job.startedAt ? moment(job.startedAt) : 'not yet'],
    ['Ended', job.completedAt ? moment(job.completedAt) : 'not yet'],
  ]
  return (
    <div class="halves">
      <Section title="Request">
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
        title="Parameters"
        extra={
          <Copy text={text} label="Copy the parameters">
            Copy
          </Copy>
        }
      >
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable content must be reachable with the keyboard. */}
        <pre class="code" tabIndex={0}>
          {text}
        </pre>
      </Section>
    </div>
  )
}
