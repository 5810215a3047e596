/** The end of a list that has more. */
import { text } from '../../logic/text.js';
import type { Pages } from '../api/pages.js';
import { Failure } from './states.js';

export function More({ pages }: { pages: Pages<never> | Pages<unknown> }) {
  const { hasMore, isLoadingMore, loadMore, moreProblem } = pages as Pages<unknown>;
  if (!hasMore) return null;
  return (
    <div class="more">
      {moreProblem === undefined ? null : <Failure problem={moreProblem} />}
      <button type="button" disabled={isLoadingMore} onClick={loadMore}>
        {isLoadingMore ? text.table.loadingMore : text.table.more}
      </button>
    </div>
  );
}
