import { Fragment } from 'preact'

/** An identifier that is broken between its words, never inside one: `esi_character_info_queue`, `worker-backfill`. */
export function Name({ children }: { children: string }) {
  const [first, ...rest] = children.split(/(?<=[_.\-/])/)
  return (
    <span class="name">
      {first}
      {rest.map((part, n) => (
        <Fragment key={`${n} ${part}`}>
          <wbr />
          {part}
        </Fragment>
      ))}
    </span>
  )
}
