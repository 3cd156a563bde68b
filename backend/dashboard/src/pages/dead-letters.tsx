import { useState } from 'preact/hooks'
import { post } from '../api/client'
import type { DeadGroups } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useMe } from '../hooks/use-me'
import { useParams } from '../hooks/use-params'
import { ask } from '../lib/ask'
import { count, counted } from '../lib/format'
import { attempt } from '../lib/updates'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { Export } from '../ui/export'
import { Loaded } from '../ui/loaded'
import { Note } from '../ui/note'
import { Page } from '../ui/page'
import { Ago } from '../ui/time'
import { type Choice, Group, type Take } from './dead-group'

const EVERY_MS = 10_000
/** With so few, the letters themselves are shown at once. */
const FEW = 20

/** Rejected messages by reason; they can be replayed, corrected or deleted, one by one or all of a reason. */
export function DeadLetters() {
  const params = useParams()
  const { canWrite } = useMe()
  const queue = params.get('queue')
  const fetched = useFetch<DeadGroups>('/api/dead-letters/groups', { everyMs: EVERY_MS })
  // Counts every change made here, so that open groups read their letters again.
  const [changes, setChanges] = useState(0)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const choose = (ids: readonly string[], isChosen: boolean) =>
    setChosen((before) => new Set(isChosen ? [...before, ...ids] : [...before].filter((id) => !ids.includes(id))))
  const changed = async () => {
    setChosen(new Set())
    setChanges((n) => n + 1)
    await fetched.refresh()
  }
  const take: Take = async (verb, choice, what) => {
    if (!(await ask(questionOf(verb, what)))) return
    const done = await attempt(
      () => post<{ taken: number }>(`/api/dead-letters/${verb}`, choice),
      ({ taken }) => `${counted(taken, 'message')} ${verb === 'replay' ? 'replayed' : 'deleted'}.`,
    )
    if (done) await changed()
  }
  const whole: Choice = queue ? { queue, all: true } : { all: true }
  const name = queue ? `all of ${queue}` : 'all messages'

  return (
    <Page
      title="Dead letters"
      about="Messages that could not be read, by reason. Replay sends them to their original queue; a corrected one takes the place of the old one."
      actions={<Export path="/api/dead-letters" what="dead letters" filter={{ queue }} />}
    >
      <Loaded of={fetched}>
        {({ items, read, others, complete, at }) => {
          const groups = items.filter((it) => queue === '' || it.queue === queue)
          return (
            <>
              <div class="row spread">
                <QueueChips groups={items} params={params} />
                {canWrite && read > 0 && (
                  <div class="row">
                    <Button small icon="send" onClick={() => void take('replay', whole, name)}>
                      Replay all
                    </Button>
                    <Button small kind="danger" icon="bin" onClick={() => void take('drop', whole, name)}>
                      Delete all
                    </Button>
                  </div>
                )}
              </div>
              {chosen.size > 0 && (
                <div class="row card pad" role="status">
                  <b>{counted(chosen.size, 'message')} chosen</b>
                  <Button small icon="send" onClick={() => void take('replay', { ids: [...chosen] }, counted(chosen.size, 'message'))}>
                    Replay the chosen
                  </Button>
                  <Button
                    small
                    kind="danger"
                    icon="bin"
                    onClick={() => void take('drop', { ids: [...chosen] }, counted(chosen.size, 'message'))}
                  >
                    Delete the chosen
                  </Button>
                  <Button small kind="plain" onClick={() => setChosen(new Set())}>
                    Choose none
                  </Button>
                </div>
              )}
              {!complete && <Note tone="warn">Only the oldest 100,000 messages of each queue are counted here.</Note>}
              {others > 0 && <Note>{counted(others, 'message')} of still other reasons are not shown; an export has them all.</Note>}
              {groups.length === 0 ? (
                <Empty title="No dead letters" icon="check">
                  <p>All messages could be read. One that cannot be read is kept here with the reason; other messages are not affected.</p>
                </Empty>
              ) : (
                <>
                  <ul class="stack tight">
                    {groups.map((group) => (
                      <Group
                        key={`${group.queue} ${group.group}`}
                        group={group}
                        opened={read <= FEW}
                        changes={changes}
                        chosen={chosen}
                        onChoose={choose}
                        onTake={take}
                        onChange={() => void changed()}
                      />
                    ))}
                  </ul>
                  <p class="tiny soft">
                    Counted <Ago at={at} />
                  </p>
                </>
              )}
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

function QueueChips({ groups, params }: { groups: DeadGroups['items']; params: ReturnType<typeof useParams> }) {
  const counts = new Map<string, number>()
  for (const it of groups) counts.set(it.queue, (counts.get(it.queue) ?? 0) + it.count)
  const chosen = params.get('queue')
  if (chosen && !counts.has(chosen)) counts.set(chosen, 0)
  if (counts.size === 0) return <span />
  const all = [...counts.values()].reduce((sum, n) => sum + n, 0)
  return (
    <fieldset class="chips">
      <legend class="hidden">Queue</legend>
      <button type="button" class="chip" aria-pressed={chosen === ''} onClick={() => params.set({ queue: null })}>
        All <b>{count(all)}</b>
      </button>
      {[...counts].map(([name, n]) => (
        <button key={name} type="button" class="chip" aria-pressed={chosen === name} onClick={() => params.set({ queue: name })}>
          {name} <b>{count(n)}</b>
        </button>
      ))}
    </fieldset>
  )
}

const questionOf = (verb: 'replay' | 'drop', what: string) =>
  verb === 'replay'
    ? {
        title: `Replay ${what}?`,
        text: 'Each message goes to its original queue. One that still cannot be read comes back here.',
        action: 'Replay',
      }
    : { title: `Delete ${what}?`, text: 'This cannot be undone.', action: 'Delete', danger: true }
