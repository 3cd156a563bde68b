import { useState } from 'preact/hooks'

let last = 0

/** A unique id for each component, to connect labels and hints with inputs. */
export function useId(): string {
  const [id] = useState(() => {
    last += 1
    return `id-${last}`
  })
  return id
}
