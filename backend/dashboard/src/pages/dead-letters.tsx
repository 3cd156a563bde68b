import { useState } from 'preact/hooks'
import { post, query } from '../api/client'
import type { DeadLetters as Answer } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useMe } from '../hooks/use-me'
import { useParams } from '../hooks/use-params'
import { ask } from '../lib/ask'
import { count, counted } from '../lib/format'
import { attempt } from '../lib/updates'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Page } from '../ui/page'
import { Letter } from './letter'

const EVERY_MS = 10_000
type Choice = { ids: string[] } | { queue: string; all: true } | { all: true }

/** Rejected messages with the reason; they can be replayed or deleted. */
export function DeadLetters() {
  const params = useParams()
  const { canWrite } = useMe()
  const queue = params.get('queue')
  const fetched = useFetch<Answer>(`/api/dead-letters${query({ queue, limit: 200 })}`, { everyMs: EVERY_MS })
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const choose = (id: string, on: boolean) => {
    const next = new Set(chosen)
    if (on) next.add(id)
    else next.delete(id)
    setChosen(next)
  }
  const take = async (verb: 'replay' | 'drop', choice: Choice, what: string) => {
    if (!(await ask(questionOf(verb, what)))) return
    const done = await attempt(
      () => post<{ taken: number }>(`/api/dead-letters/${verb}`, choice),
      ({ taken }) => `${counted(taken, 'message')} ${verb === 'replay' ? 'replayed' : 'deleted'}.`,
    )
    if (!done) return
    setChosen(new Set())
    await fetched.refresh()
  }

  return (
    <Page title="Dead letters" about="Messages that could not be read, kept with the reason. Replay sends them to their original queue.">
      <Loaded of={fetched}>
        {({ items, queues }) => {
          const selected = items.filter((it) => chosen.has(it.id)).map((it) => it.id)
          const whole: Choice = queue ? { queue, all: true } : { all: true }
          return (
            <>
              <div class="row spread">
                <QueueChips queues={queues} params={params} />
                {canWrite && items.length > 0 && (
                  <div class="row">
                    {selected.length > 0 ? (
                      <>
                        <Button
                          small
                          icon="send"
                          onClick={() => void take('replay', { ids: selected }, counted(selected.length, 'selected message'))}
                        >
                          Replay {selected.length}
                        </Button>
                        <Button
                          small
                          kind="danger"
                          icon="bin"
                          onClick={() => void take('drop', { ids: selected }, counted(selected.length, 'selected message'))}
                        >
                          Delete {selected.length}
                        </Button>
                      </>
                    ) : (
                      <>
                        <Button small icon="send" onClick={() => void take('replay', whole, queue ? `all of ${queue}` : 'all messages')}>
                          Replay all
                        </Button>
                        <Button
                          small
                          kind="danger"
                          icon="bin"
                          onClick={() => void take('drop', whole, queue ? `all of ${queue}` : 'all messages')}
                        >
                          Delete all
                        </Button>
                      </>
                    )}
                  </div>
                )}
              </div>
              {items.length === 0 ? (
                <Empty title="No dead letters" icon="check">
                  <p>All messages could be read. One that cannot be read is kept here with the reason; other messages are not affected.</p>
                </Empty>
              ) : (
                <ul class="stack tight">
                  {items.map((letter) => (
                    <Letter
                      key={letter.id}
                      letter={letter}
                      chosen={canWrite ? chosen.has(letter.id) : null}
                      onChoose={choose}
                      onTake={(verb) => void take(verb, { ids: [letter.id] }, 'this message')}
                    />
                  ))}
                </ul>
              )}
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

function QueueChips({ queues, params }: { queues: Answer['queues']; params: ReturnType<typeof useParams> }) {
  const shown = queues.filter((it) => it.count > 0 || it.queue === params.get('queue'))
  if (shown.length === 0) return <span />
  const chosen = params.get('queue')
  return (
    <fieldset class="chips">
      <legend class="hidden">Queue</legend>
      <button type="button" class="chip" aria-pressed={chosen === ''} onClick={() => params.set({ queue: null })}>
        All <b>{count(shown.reduce((sum, it) => sum + it.count, 0))}</b>
      </button>
      {shown.map((it) => (
        <button
          key={it.queue}
          type="button"
          class="chip"
          aria-pressed={chosen === it.queue}
          onClick={() => params.set({ queue: it.queue })}
        >
          {it.queue} <b>{count(it.count)}</b>
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
