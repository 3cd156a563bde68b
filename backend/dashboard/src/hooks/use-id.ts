import { useState } from 'preact/hooks'

let last = 0

/** An id of its own for each component, to tie labels and hints to inputs. */
export function useId(): string {
  const [id] = useState(() => {
    last += 1
    return `id-${last}`
  })
  return id
}
