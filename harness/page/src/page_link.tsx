// The one place where an address is made of data: a page beside the index, or no link.
import type { ReactNode } from 'react';

const PAGE = /^runs\/[A-Za-z0-9_-][A-Za-z0-9._-]*\.html$/;

export function PageLink({ page, children }: { page: string; children: ReactNode }) {
  return PAGE.test(page) ? <a className="link" href={page}>{children}</a> : <>{children}</>;
}
