import type { ComponentChildren } from 'preact'
import { connection } from '../api/client'
import type { Fetched } from '../hooks/use-fetch'
import { clockTime } from '../lib/format'
import { useStore } from '../lib/store'
import { Button } from './button'
import { Note } from './note'

interface Props<T> {
  of: Fetched<T>
  children: (data: T) => ComponentChildren
}

/** The content once it is loaded; before that a placeholder, or the error. What could not be read again is drawn as old, with its time. */
export function Loaded<T>({ of, children }: Props<T>) {
  const { lost, since } = useStore(connection)
  const reason = of.problem?.message ?? lost
  // What a stream keeps up to date was current until the connection was lost.
  const at = reason === null ? null : of.problem ? of.at : Math.max(of.at, since)
  if (of.data !== undefined) return <Dated at={at}>{children(of.data)}</Dated>
  if (reason !== null)
    return (
      <Note tone="bad">
        <p>{isRefused(of.problem) ? reason : `This could not be read. ${reason}`}</p>
        {of.problem?.status !== 404 && (
          <Button small icon="retry" onClick={() => void of.refresh()}>
            Try again
          </Button>
        )}
      </Note>
    )
  return (
    <div class="stack" aria-busy="true">
      <span class="hidden">Loading…</span>
      <div class="skeleton" />
      <div class="skeleton" />
      <div class="skeleton" />
    </div>
  )
}

/** The server answered, and will answer the same again. */
const isRefused = (problem: Fetched<unknown>['problem']): boolean => (problem?.status ?? 0) >= 400 && (problem?.status ?? 0) < 500

/** Content of a moment; one that is given is in the past, and the content is drawn as old. */
export function Dated({ at, children }: { at: number | null; children: ComponentChildren }) {
  return (
    <div class={at === null ? 'dated' : 'dated old'}>
      {at !== null && <p class="dated-at">As of {clockTime(new Date(at).toISOString())} UTC. It could not be read again since then.</p>}
      {children}
    </div>
  )
}
