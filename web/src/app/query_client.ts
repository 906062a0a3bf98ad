/** One cache of answers for the page. What the daemon refused is not asked again by itself; what did not get through is. */
import { QueryClient } from '@tanstack/react-query';
import { asApiError } from '../api/errors';
import { session } from './session';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Events say when something changed; until then what is there is good for a while.
      staleTime: 5_000,
      retry: (failures, thrown) => failures < 2 && ['network', 'busy', 'broken'].includes(asApiError(thrown).kind),
      retryDelay: (failures, thrown) => Math.max(asApiError(thrown).retryAfterS * 1000, 400 * 2 ** failures),
    },
  },
});

// Nothing of one user's is left for the next.
session.subscribe(() => {
  if (!session.get().token) queryClient.clear();
});
