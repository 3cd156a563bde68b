import type { UrlParams } from '../hooks/use-params'
import { count } from '../lib/format'
import { Button } from './button'

interface Props {
  params: UrlParams
  next: string | null
  total?: number
  /** How many are shown. */
  shown: number
  what: string
  /** The parameter that holds the cursor. */
  name?: string
}

/** Links to the next and the first page of a list; the browser's back button goes page by page. */
export function Pager({ params, next, total, shown, what, name = 'cursor' }: Props) {
  const cursor = params.get(name)
  if (!next && !cursor) return null
  return (
    <nav class="pager" aria-label={`Pages of ${what}`}>
      <span>{total === undefined ? `${count(shown)} ${what} on this page` : `${count(shown)} of ${count(total)} ${what}`}</span>
      <span class="row">
        {cursor && (
          <Button small icon="back" href={params.href({ [name]: null })}>
            First page
          </Button>
        )}
        {next && (
          <Button small href={params.href({ [name]: next })}>
            Next page
          </Button>
        )}
      </span>
    </nav>
  )
}
