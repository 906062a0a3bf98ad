/** From paths to screens. Without a session every path leads to the login page, which leads back. */
import { Suspense, type ComponentType } from 'react';
import { createBrowserRouter, Navigate, Outlet, useLocation, type RouteObject } from 'react-router-dom';
import { Loading } from '../parts/states';
import { RouteError } from './ErrorBoundary';
import { lazily } from './lazily';
import { NotFound } from './NotFound';
import { screens } from './screens';
import { useSession } from './session';
import { Shell } from './Shell';

const Login = lazily(() => import('../screens/login/Login'));

/** Where to go after login: a place of this page, never of another one. */
export function placeAfterLogin(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/';
  return /^\/(?![/\\])/.test(next) && !next.startsWith('/login') ? next : '/';
}

function Guard() {
  const { token } = useSession();
  const { pathname, search } = useLocation();
  if (token) {
    return (
      <Shell>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </Shell>
    );
  }
  const here = pathname + search;
  return <Navigate to={here === '/' ? '/login' : `/login?next=${encodeURIComponent(here)}`} replace />;
}

function LoginGate() {
  const { token } = useSession();
  const { search } = useLocation();
  return token ? (
    <Navigate to={placeAfterLogin(search)} replace />
  ) : (
    <Suspense fallback={<Loading />}>
      <Login />
    </Suspense>
  );
}

function routeOf(path: string, Component: ComponentType): RouteObject {
  return { path, element: <Component />, errorElement: <RouteError /> };
}

export const router = createBrowserRouter([
  { path: '/login', element: <LoginGate />, errorElement: <RouteError /> },
  {
    element: <Guard />,
    errorElement: <RouteError />,
    children: [...screens.map(({ path, load }) => routeOf(path, lazily(load))), { path: '*', element: <NotFound /> }],
  },
]);
