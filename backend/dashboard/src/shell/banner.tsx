import { connection } from '../api/client'
import { useStore } from '../lib/store'

/** Says calmly that the server is away; what is shown stays, and everything reads anew once it is back. */
export function Banner() {
  const { lost } = useStore(connection)
  return (
    <div role="status" class="banner">
      {lost !== null && (
        <>
          <span class="pulse" aria-hidden="true" />
          <span>
            Connection lost, trying again… <span class="hidden">{lost}</span>
          </span>
        </>
      )}
    </div>
  )
}
