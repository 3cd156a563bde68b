import type { ComponentChildren } from 'preact'
import type { Fetched } from '../hooks/use-fetch'
import { Button } from './button'
import { Note } from './note'

interface Props<T> {
  of: Fetched<T>
  children: (data: T) => ComponentChildren
}

/** The content once it is loaded; before that a placeholder, or the error. */
export function Loaded<T>({ of, children }: Props<T>) {
  if (of.data !== undefined) return <>{children(of.data)}</>
  if (of.problem)
    return (
      <Note tone="bad">
        <p>{of.problem.message}</p>
        <p>
          <Button small icon="retry" onClick={() => void of.refresh()}>
            Try again
          </Button>
        </p>
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
