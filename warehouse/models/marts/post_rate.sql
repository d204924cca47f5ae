-- Engagements per time shown of each post that was shown at least 100 times, one row a post and basis.
with rated as (
    select
        post_key as post_key,
        on_date as on_date,
        platform as platform,
        account_id as account_id,
        basis as basis,
        reactions_definition_id || ' + ' || comments_definition_id || ' + ' || shares_definition_id || ' / ' || shown_definition_id as definition_id,
        ratio(engagements, shown) as rate
    from mart.post_value
    where shown >= 100 and engagements is not null
)
select * from rated
