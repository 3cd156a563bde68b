import { query } from '../api/client'
import { Menu } from './menu'

interface Props {
  /** Path of the list. */
  path: string
  /** What the rows are: `jobs`. */
  what: string
  /** The filters of the list that is shown. */
  filter?: Record<string, string | number | null | undefined>
}

const FORMATS = { csv: 'CSV', json: 'JSON' }

/** Downloads all rows of a table that match its filters, not only the page that is shown. */
export function Export({ path, what, filter }: Props) {
  return (
    <Menu text="Export" label={`Export ${what}`} icon="down">
      {(close) => (
        <>
          <p class="tiny soft">All {what} that match</p>
          {Object.entries(FORMATS).map(([format, text]) => (
            <a
              key={format}
              class="button plain small"
              href={`${path}/export${query({ ...filter, format })}`}
              download=""
              aria-label={`Export ${what} as ${text}`}
              onClick={close}
            >
              {text}
            </a>
          ))}
        </>
      )}
    </Menu>
  )
}
