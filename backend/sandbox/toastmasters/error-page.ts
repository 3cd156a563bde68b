import { html, type Reply } from '../base/exchange'

const BYTES = 8082

/** The page that the dashboard shows in place of an answer, with status 200: blank lines, then HTML, always of the same length. */
export function errorPage(path: string): Reply {
  const start = `\r\n\r\n<!DOCTYPE html>\r\n<html>\r\n<head><title>Toastmasters International</title></head>\r\n<body>\r\n<form method="post" action="./error.aspx?aspxerrorpath=${encodeURIComponent(path).toLowerCase()}" id="form1">\r\n`
  const end = '<h2>An error has occured</h2>\r\n</form>\r\n</body>\r\n</html>\r\n'
  const [open, close] = ['<input type="hidden" name="__VIEWSTATE" value="', '" />\r\n']
  const filler = 'A'.repeat(Math.max(0, BYTES - start.length - open.length - close.length - end.length))
  return html(start + open + filler + close + end, 200)
}

/** What the archive says while the year is not over yet. */
export const rewriteError = (): Reply =>
  html(
    '<!DOCTYPE html>\r\n<html><head><title>IIS Detailed Error - 500.50 - URL Rewrite Module Error.</title></head><body><h3>HTTP Error 500.50 - URL Rewrite Module Error.</h3></body></html>\r\n',
    500,
  )
