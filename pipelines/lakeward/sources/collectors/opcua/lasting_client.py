"""A client whose subscriptions outlast a cut link, with the queues that the server keeps for them."""

from time import monotonic

from asyncua import Client, ua
from asyncua.client.ua_session import UaSession
from asyncua.common.subscription import Subscription
from asyncua.ua.uaerrors import BadMessageNotAvailable


class LastingClient(Client):  # type: ignore[misc]  # asyncua is not followed
    """Takes up its subscriptions after a cut, where the server has kept the session.

    The library asks the server to transfer them, takes the answer that there is nothing to transfer for a failure, and makes
    them anew: what waited in the server's queues is gone then, and that a queue was full is never said.
    """

    _subscriptions: list[Subscription]

    async def _recreate_subscriptions(self) -> None:
        every = self._subscriptions
        self._subscriptions = [one for one in every if not await _is_taken_up(one)]
        try:
            await super()._recreate_subscriptions()
        finally:
            self._subscriptions = every


async def _is_taken_up(subscription: Subscription) -> bool:
    """Whether the subscription is still the session's. Then the messages that were under way at the cut have come again."""
    session, identifier = subscription.server, subscription.subscription_id
    if not isinstance(session, UaSession) or identifier is None:
        return False
    number = subscription.last_sequence_number or 0
    while True:
        number += 1
        try:
            message = await session.republish(identifier, number)
        except BadMessageNotAvailable:
            break
        except ua.UaStatusCodeError:
            return False
        await subscription.publish_callback(ua.PublishResult(identifier, NotificationMessage=message))
    subscription.last_publish_at = monotonic()
    return True
