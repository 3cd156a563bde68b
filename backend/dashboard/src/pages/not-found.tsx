import { Button } from '../ui/button'
import { Page } from '../ui/page'

export function NotFound() {
  return (
    <Page title="Page not found" about="Check the address.">
      <p>
        <Button href="/">Go to the jobs</Button>
      </p>
    </Page>
  )
}
