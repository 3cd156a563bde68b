import type { Workers } from '../api/types'
import { count } from '../lib/format'
import { Name } from '../ui/name'
import { Section } from '../ui/page'
import { Status } from '../ui/status'
import { Table } from '../ui/table'
import { Ago, Since } from '../ui/time'
import { byNeed, isMissing } from './order'

type App = Workers['apps'][number]

/** Every PM2 app: whether it runs, its version, and how often it was restarted. */
export function Apps({ apps }: { apps: App[] }) {
  return (
    <Section title="Apps" extra="Restarts and crashes of the last 7 days; a crash is an end without a stop">
      <Table
        caption="PM2 apps"
        rows={apps.toSorted(byNeed)}
        id={(row) => row.app}
        columns={[
          {
            head: 'App',
            fill: true,
            cell: (row) => (
              <>
                <Name>{row.app}</Name>
                <div class="phone-only small">
                  <State app={row} />
                </div>
                {row.queues.length > 0 && <span class="quiet small limit-text">{row.queues.join(', ')}</span>}
              </>
            ),
          },
          { head: 'State', from: 'tablet', cell: (row) => <State app={row} /> },
          { head: 'Version', cell: (row) => row.version || 'not known' },
          { head: 'Last start', from: 'tablet', cell: (row) => (row.startedAt ? <Ago at={row.startedAt} /> : 'none is known') },
          { head: 'Restarts', num: true, from: 'tablet', cell: (row) => count(row.restarts) },
          {
            head: 'Crashes',
            num: true,
            cell: (row) => <span class={row.crashes > 0 ? 'bad' : undefined}>{count(row.crashes)}</span>,
          },
        ]}
      />
    </Section>
  )
}

function State({ app }: { app: App }) {
  // The api and the scheduler send no heartbeats: this page itself shows whether they answer.
  if (app.alive === null)
    return app.startedAt ? (
      <span class="soft">
        started <Since at={app.startedAt} /> ago
      </span>
    ) : null
  if (!isMissing(app)) return <Status state="ok" text={app.alive === 1 ? 'running' : `${count(app.alive)} running`} />
  return (
    <>
      <Status state="failed" text="not running" />
      <div class="quiet small">
        {app.seenAt ? (
          <>
            last seen <Ago at={app.seenAt} />
          </>
        ) : (
          'never started here'
        )}
      </div>
    </>
  )
}
