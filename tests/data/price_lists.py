# SPDX-License-Identifier: Apache-2.0
"""Writes models of price_rows in each form of price lists that can be imported."""

from decimal import Decimal as D

def text_of(price):
    return format(price.normalize(), "f")


def number(value):
    """A number in JSON that says exactly `value`."""
    plain_number = float(value)
    assert D(repr(plain_number)) == value, value
    return plain_number


def plain(models):
    book = {}
    for model in models:
        entries = {}
        for row in model.rates:
            entry = entries.setdefault(row["start"], {"provider": model.provider} if model.provider else {})
            if row["start"]:
                entry["effective_from"] = row["start"]
            into = entry
            if row["tier"]:
                into = entry.setdefault("tiers_of_service", {}).setdefault(row["tier"], {})
            elif row["region"]:
                into = entry.setdefault("regions", {}).setdefault(row["region"], {})
            into.update({name: text_of(price) for name, price in row["prices"].items()})
            if row["tiers"]:
                into["tiers"] = [
                    {"input_tokens_over": over, **{name: text_of(price) for name, price in more.items()}}
                    for over, more in row["tiers"]
                ]
        history = list(entries.values())
        book[model.key] = history[0] if len(history) == 1 else history
    return book


GENAI = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write_5m": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "reasoning": "output_reasoning_mtok",
    "input_audio": "input_audio_mtok",
    "output_audio": "output_audio_mtok",
    "cache_read_audio": "cache_audio_read_mtok",
    "input_image": "input_image_mtok",
    "output_image": "output_image_mtok",
    "web_search": "web_searches_kcount",
    "request": "requests_kcount",
}


def genai_prices(models):
    providers = {}
    for model in models:
        history = []
        for row in model.rates:
            prices = {}
            for name, price in row["prices"].items():
                steps = [{"start": over, "price": number(more[name])} for over, more in row["tiers"] if name in more]
                prices[GENAI[name]] = {"base": number(price), "tiers": steps} if steps else number(price)
            entry = {"prices": prices}
            if row["hours"]:
                begin, end = row["hours"]
                entry["constraint"] = {"start_time": begin + "Z", "end_time": end + "Z"}
            elif row["start"]:
                entry["constraint"] = {"start_date": row["start"]}
            history.append(entry)
        whole = history[0]["prices"] if len(history) == 1 and "constraint" not in history[0] else history
        providers.setdefault(model.provider, []).append(
            {"id": model.key, "match": {"or": [{"equals": model.key}, {"starts_with": model.key + "-"}]}, "prices": whole}
        )
    return [{"id": provider, "models": rows} for provider, rows in providers.items()]


LITELLM = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "reasoning": "output_cost_per_reasoning_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write_5m": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "input_audio": "input_cost_per_audio_token",
    "cache_read_audio": "cache_read_input_audio_token_cost",
    "output_audio": "output_cost_per_audio_token",
    "input_image": "input_cost_per_image_token",
    "output_image": "output_cost_per_image_token",
    "request": "input_cost_per_request",
}
LITELLM_TIERS = {"": "", "flex": "_flex", "priority": "_priority", "batch": "_batches"}


def litellm(models):
    book = {"sample_spec": {"input_cost_per_token": 0.0, "litellm_provider": "one of many"}}
    for model in models:
        entry = {"litellm_provider": model.provider, "mode": "chat"}
        for row in model.rates:
            if row["hours"]:
                begin, end = row["hours"]
                off_peak = {"hours_utc": f"{begin[:5]}-{end[:5]}"}
                off_peak.update({LITELLM[name]: number(price / 1_000_000) for name, price in row["prices"].items()})
                entry["off_peak_pricing"] = off_peak
                continue
            suffix = LITELLM_TIERS[row["tier"]]
            for name, price in row["prices"].items():
                if name == "web_search":
                    each = number(price / 1000)
                    sizes = ("low", "medium", "high")
                    entry["search_context_cost_per_query"] = {f"search_context_size_{size}": each for size in sizes}
                else:
                    units = 1000 if name == "request" else 1_000_000
                    entry[LITELLM[name] + suffix] = number(price / units)
            for over, more in row["tiers"]:
                for name, price in more.items():
                    entry[f"{LITELLM[name]}_above_{over // 1000}k_tokens{suffix}"] = str(price / 1_000_000)
        if model.provider == "anthropic" and (model.factors or model.fast):
            specific = {region: number(by) for region, by in model.factors.items()}
            entry["provider_specific_entry"] = {**specific, **({"fast": number(model.fast)} if model.fast else {})}
        else:
            for region, by in model.factors.items():
                entry[f"regional_processing_uplift_multiplier_{region}"] = number(by)
        book[model.key] = entry
    return book


FORMS = {"plain": plain, "genai-prices": genai_prices, "litellm": litellm}
