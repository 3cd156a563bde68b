import { useEffect, useState } from 'preact/hooks'
import { query } from '../api/client'
import type { DeadGroups, DeadLetters } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useMe } from '../hooks/use-me'
import { count, counted } from '../lib/format'
import { Button } from '../ui/button'
import { Export } from '../ui/export'
import { Loaded } from '../ui/loaded'
import { Ago } from '../ui/time'
import { Letter } from './letter'

const SHOWN = 50

export type Choice = { ids: string[] } | { queue: string; group?: string; all: true } | { all: true }
export type Take = (verb: 'replay' | 'drop', choice: Choice, what: string) => Promise<void>

interface Props {
  group: DeadGroups['items'][number]
  opened: boolean
  changes: number
  /** Ids of letters that are chosen, of all groups. */
  chosen: ReadonlySet<string>
  onChoose: (ids: readonly string[], chosen: boolean) => void
  onTake: Take
  onChange: () => void
}

/** The dead letters of one reason: how many, since when, and what can be done with all of them. */
export function Group({ group, opened, ...rest }: Props) {
  const { onTake } = rest
  const { canWrite } = useMe()
  const [open, setOpen] = useState(opened)
  const choice = { queue: group.queue, group: group.group, all: true } as const
  const what = `${counted(group.count, 'message')} of this reason`
  return (
    <li class="card pad stack tight">
      <div class="row spread top">
        <div class="stack tight grow">
          <h2 class="break">{group.count === 1 ? group.reason : group.group}</h2>
          <p class="row small soft">
            <b>{counted(group.count, 'message')}</b>
            <span class="tag">{group.queue}</span>
            {group.newestAt && (
              <span>
                latest <Ago at={group.newestAt} />
              </span>
            )}
            {group.oldestAt && group.oldestAt !== group.newestAt && (
              <span>
                first <Ago at={group.oldestAt} />
              </span>
            )}
          </p>
        </div>
        {group.count > 1 && (
          <div class="row">
            {canWrite && (
              <>
                <Button small icon="send" onClick={() => void onTake('replay', choice, what)}>
                  Replay {count(group.count)}
                </Button>
                <Button small kind="danger" icon="bin" onClick={() => void onTake('drop', choice, what)}>
                  Delete {count(group.count)}
                </Button>
              </>
            )}
            <Export path="/api/dead-letters" what="messages of this reason" filter={{ queue: group.queue, group: group.group }} />
          </div>
        )}
      </div>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary class="small">{group.count === 1 ? 'Message' : 'Messages'}</summary>
        {open && <Letters group={group} {...rest} />}
      </details>
    </li>
  )
}

function Letters({ group, changes, chosen, onChoose, onTake, onChange }: Omit<Props, 'opened'>) {
  const { canWrite } = useMe()
  const filter = { queue: group.queue, group: group.group, limit: SHOWN }
  const fetched = useFetch<DeadLetters>(`/api/dead-letters${query(filter)}`)
  const { refresh } = fetched
  useEffect(() => {
    if (changes > 0) void refresh()
  }, [changes, group.count])
  return (
    <Loaded of={fetched}>
      {({ items }) => (
        <>
          {canWrite && items.length > 1 && (
            <label class="row tight small">
              <input
                type="checkbox"
                checked={items.every(({ id }) => chosen.has(id))}
                onChange={(event) =>
                  onChoose(
                    items.map(({ id }) => id),
                    event.currentTarget.checked,
                  )
                }
              />
              Choose the {count(items.length)} shown
            </label>
          )}
          <ul class="lines">
            {items.map((letter) => (
              <Letter
                key={letter.id}
                letter={letter}
                isAlone={group.count === 1}
                chosen={chosen.has(letter.id)}
                onChoose={(isChosen) => onChoose([letter.id], isChosen)}
                onTake={(verb) => void onTake(verb, { ids: [letter.id] }, 'this message')}
                onChange={onChange}
              />
            ))}
          </ul>
          {group.count > items.length && (
            <p class="tiny soft">
              The oldest {count(items.length)} of {counted(group.count, 'message')}; an export has them all.
            </p>
          )}
        </>
      )}
    </Loaded>
  )
}
