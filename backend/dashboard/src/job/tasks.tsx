import { COUNTS, TASK_STATES, waitOf } from '../../../base/vocabulary'
import { query } from '../api/client'
import type { JobDetail, List, TaskRow } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { serverNow } from '../lib/clock'
import { brief, count, named, namedInText } from '../lib/format'
import { isActive } from '../lib/verbs'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Pager } from '../ui/pager'
import { Status } from '../ui/status'
import { type Column, Table } from '../ui/table'
import { Ago, Countdown, Waiting } from '../ui/time'
import { TaskName } from './in-hand'
import { nameOf } from './signs'
import { TaskHistory } from './task-history'

const EVERY_MS = 3000

/** The tasks of a job by state, page by page. */
export function Tasks({ job }: { job: JobDetail }) {
  const params = useParams()
  const state = params.get('state')
  const cell = { row: params.get('row'), column: params.get('column') }
  const chosen = { ...cell, group: params.get('group'), task: params.get('task') }
  const isChosen = Object.values(chosen).some((value) => value !== '')
  const path = `/api/jobs/${job.id}/tasks${query({ state, ...chosen, cursor: params.get('cursor'), limit: 50 })}`
  const fetched = useFetch<List<TaskRow>>(path, { everyMs: isActive(job.status) ? EVERY_MS : undefined })
  return (
    <div class="stack">
      {isChosen && (
        <p class="row small">
          {cell.row ? `Tasks of cell ${cell.row} ${cell.column}.` : chosen.group ? 'Tasks of one cause.' : 'One task.'}
          <Button small icon="close" onClick={() => params.set({ row: null, column: null, group: null, task: null, cursor: null })}>
            Show all tasks
          </Button>
        </p>
      )}
      <fieldset class="chips">
        <legend class="hidden">State</legend>
        <button type="button" class="chip" aria-pressed={state === ''} onClick={() => params.set({ state: null, cursor: null })}>
          All {!isChosen && <b>{count(job.tasks.total)}</b>}
        </button>
        {TASK_STATES.map((one) => (
          <button
            key={one}
            type="button"
            class="chip"
            aria-pressed={state === one}
            onClick={() => params.set({ state: state === one ? null : one, cursor: null })}
          >
            <Status state={one} text={named(nameOf(one))} />
            {!isChosen && <b>{count(one === 'ready' ? job.tasks.ready - job.tasks.held : job.tasks[one])}</b>}
          </button>
        ))}
      </fieldset>
      <Loaded of={fetched}>
        {({ items, next, total }) =>
          items.length === 0 ? (
            <Empty small title={state ? `No tasks in state ${nameOf(state)}` : 'No tasks yet'}>
              <p>{state ? 'Choose another state above.' : 'The first tasks are created when the job starts.'}</p>
            </Empty>
          ) : (
            <>
              <Table
                caption="Tasks"
                rows={items}
                id={(row) => row.id}
                columns={columnsOf(job, () => void fetched.refresh())}
                file={{ path: `/api/jobs/${job.id}/tasks`, filter: { state, ...chosen } }}
              />
              <Pager params={params} next={next} total={total} shown={items.length} what="tasks" />
            </>
          )
        }
      </Loaded>
    </div>
  )
}

const columnsOf = (job: JobDetail, onChange: () => void): Column<TaskRow>[] => [
  { head: 'State', cell: (row) => <Status state={row.state} text={nameOf(row.state)} /> },
  { head: 'Task', fill: true, cell: (row) => <TaskCell job={job} row={row} onChange={onChange} /> },
  { head: 'Pages', num: true, from: 'tablet', cell: (row) => count(row.pages) },
  {
    head: COUNTS.seen.title,
    num: true,
    cell: (row) => (row.expected === null ? brief(row.seen) : `${brief(row.seen)} / ${brief(row.expected)}`),
  },
  { head: COUNTS.new.title, num: true, from: 'tablet', cell: (row) => brief(row.new) },
  { head: COUNTS.known.title, num: true, from: 'wide', cell: (row) => brief(row.known) },
  {
    head: COUNTS.rejected.title,
    num: true,
    from: 'wide',
    cell: (row) => <span class={row.rejected > 0 ? 'warn' : undefined}>{brief(row.rejected)}</span>,
  },
  { head: 'Tries', num: true, from: 'wide', cell: (row) => count(row.attempts) },
]

/** Whether a reason names its kind itself: `inactive: deactivated`. */
const startsWith = (reason: string, kind: string): boolean => reason.toLowerCase().startsWith(namedInText(kind))

function TaskCell({ job, row, onChange }: { job: JobDetail; row: TaskRow; onChange: () => void }) {
  const open = row.state === 'ready' || row.state === 'waiting'
  return (
    <>
      <TaskName stream={row.stream} task={row.key} />
      {row.error && row.state !== 'done' && <div class={row.state === 'failed' ? 'bad break' : 'warn break'}>{row.error}</div>}
      {row.reason && (
        <div class="soft break">
          {row.reasonKind && !startsWith(row.reason, row.reasonKind) && <b>{named(row.reasonKind)}: </b>}
          {row.reason}
        </div>
      )}
      {open && job.status !== 'paused' && Date.parse(row.dueAt) > serverNow() && (
        <div class="soft">
          {row.waitingOn || row.errorKind ? (
            <Waiting wait={{ ...waitOf({ ...row, on: row.waitingOn, until: row.dueAt }), error: null }} until={row.dueAt} />
          ) : (
            <>
              due <Countdown until={row.dueAt} />
            </>
          )}
        </div>
      )}
      {row.settledAt && row.state === 'failed' && (
        <div class="quiet">
          <Ago at={row.settledAt} />
        </div>
      )}
      <TaskHistory job={job} row={row} onChange={onChange} />
    </>
  )
}
