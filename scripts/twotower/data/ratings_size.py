"""How many real ratings there are, and of what: all that their costs depend on."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class RatingsSize:
    """About how large a data set of real ratings is.

    Attributes:
        ratings, users, items: how many.
        user_columns, item_columns: covariates of each side, as numbers.
        per_user, per_item: ratings that the user, or the item, of a rating has on average over the
            ratings. Those who rate much count more, so this is more than ratings / users.
        file_bytes: that are read.
        parsed: whether each rating is an object of JSON, and not a line of numbers.
    """

    ratings: float
    users: float
    items: float
    user_columns: int
    item_columns: int
    per_user: float
    per_item: float
    file_bytes: float = 0.0
    parsed: bool = False

    @property
    def columns(self) -> int:
        """Covariates of both sides."""
        return self.user_columns + self.item_columns

    def part(self, share: float) -> "RatingsSize":
        """A random share of the ratings."""
        return replace(
            self,
            ratings=share * self.ratings,
            users=min(self.users, share * self.ratings),
            items=min(self.items, share * self.ratings),
            per_user=1 + share * (self.per_user - 1),
            per_item=1 + share * (self.per_item - 1),
        )
